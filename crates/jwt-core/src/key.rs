use std::fmt;

use ring::hmac;
use serde::Serialize;

use crate::claims::Claims;
use crate::error::{Error, KeyError, SignError};
use crate::jws::Compact;
use crate::key_id::KeyId;
use crate::token_type::TokenType;
use crate::{Algorithm, HmacAlgorithm, base64url, header};

/// A key that signs, with one algorithm. Neither `Debug` nor any other output shows it.
#[derive(Clone)]
pub struct SigningKey {
    hmac: HmacKey,
}

/// A key that verifies, with one algorithm. For an HMAC it is the same secret.
#[derive(Clone)]
pub struct VerifyingKey {
    hmac: HmacKey,
}

#[derive(Clone)]
struct HmacKey {
    algorithm: HmacAlgorithm,
    id: Option<KeyId>,
    key: hmac::Key,
}

impl SigningKey {
    /// An HMAC key from its secret.
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretTooShort`] for a secret shorter than the algorithm's hash
    /// (RFC 7518 §3.2).
    pub fn from_secret(
        algorithm: HmacAlgorithm,
        secret: &[u8],
        id: Option<KeyId>,
    ) -> Result<Self, KeyError> {
        HmacKey::new(algorithm, secret, id).map(|hmac| Self { hmac })
    }

    /// The one algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.hmac.algorithm.into()
    }

    /// The `kid` of the tokens it signs.
    pub fn id(&self) -> Option<&KeyId> {
        self.hmac.id.as_ref()
    }

    /// The key that verifies what this one signs.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey {
            hmac: self.hmac.clone(),
        }
    }

    /// A token of the given kind with these claims, in compact serialization.
    ///
    /// # Errors
    ///
    /// [`SignError`] when `claims.own` is not a struct or map with string keys, or has a member
    /// named as a registered claim: those are set through `claims.registered` alone.
    pub fn sign<Own: Serialize>(
        &self,
        typ: &TokenType,
        claims: &Claims<Own>,
    ) -> Result<String, SignError> {
        let payload = serde_json::to_vec(claims)?;
        Ok(self.sign_bytes(typ, &payload))
    }

    /// A JWS over any bytes, in compact serialization.
    pub fn sign_bytes(&self, typ: &TokenType, payload: &[u8]) -> String {
        let mut token = header::encode(self.algorithm(), typ, self.id());
        token.reserve(payload.len().div_ceil(3) * 4 + 90);
        token.push('.');
        base64url::encode_into(payload, &mut token);
        let tag = hmac::sign(&self.hmac.key, token.as_bytes());
        token.push('.');
        base64url::encode_into(tag.as_ref(), &mut token);
        token
    }
}

impl VerifyingKey {
    /// An HMAC key from its secret.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::from_secret`].
    pub fn from_secret(
        algorithm: HmacAlgorithm,
        secret: &[u8],
        id: Option<KeyId>,
    ) -> Result<Self, KeyError> {
        HmacKey::new(algorithm, secret, id).map(|hmac| Self { hmac })
    }

    /// The one algorithm it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.hmac.algorithm.into()
    }

    /// The `kid` of the tokens it verifies; a key without one verifies tokens without one.
    pub fn id(&self) -> Option<&KeyId> {
        self.hmac.id.as_ref()
    }

    /// The payload, once its signature is verified.
    pub(crate) fn verify(&self, token: Compact<'_>) -> Result<Vec<u8>, Error> {
        let tag = base64url::decode(token.signature)?;
        // Constant time, and only a tag of full length.
        hmac::verify(&self.hmac.key, token.signing_input.as_bytes(), &tag)
            .map_err(|_| Error::BadSignature)?;
        Ok(base64url::decode(token.payload)?)
    }
}

impl HmacKey {
    fn new(algorithm: HmacAlgorithm, secret: &[u8], id: Option<KeyId>) -> Result<Self, KeyError> {
        if secret.len() < algorithm.output_len() {
            return Err(KeyError::SecretTooShort {
                needed: algorithm.output_len(),
            });
        }
        Ok(Self {
            algorithm,
            id,
            key: hmac::Key::new(algorithm.ring(), secret),
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm())
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

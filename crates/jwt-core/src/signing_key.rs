use std::fmt;
use std::sync::Arc;

use ring::hmac;
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, HmacAlgorithm};
use crate::error::{KeyError, SignError};
use crate::jwk::{self, Jwk, Purpose};
use crate::jws::MAX_TOKEN_LEN;
use crate::key_id::KeyId;
use crate::private_key::{self, KeyPairOf, PrivateKey};
use crate::public_key::PublicKey;
use crate::token_type::TokenType;
use crate::verifying_key::VerifyingKey;
use crate::{base64url, header, pem, random};

/// A key that signs with one algorithm. `Debug` does not show the key; clones share it.
///
/// ```
/// use jwt_core::{Algorithm, SigningKey};
///
/// let key = SigningKey::generate(Algorithm::EdDSA)?;
/// assert_eq!(key.algorithm(), Algorithm::EdDSA);
/// // The id is the thumbprint of the public key (RFC 7638).
/// assert_eq!(key.id().unwrap().as_str().len(), 43);
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    id: Option<KeyId>,
    inner: Arc<Inner>,
}

struct Inner {
    pair: KeyPairOf,
    private: PrivateKey,
    verifying_key: VerifyingKey,
}

impl SigningKey {
    /// Creates an HMAC key from its secret.
    ///
    /// ```
    /// use jwt_core::{HmacAlgorithm, KeyError, SigningKey};
    ///
    /// let short = SigningKey::from_secret(HmacAlgorithm::HS256, b"secret", None);
    /// assert_eq!(short.unwrap_err(), KeyError::SecretTooShort { needed: 32 });
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretTooShort`] for a secret shorter than the algorithm's hash
    /// (RFC 7518 §3.2); [`KeyError::Malformed`] for a PEM block, which is not a secret.
    pub fn from_secret(
        algorithm: HmacAlgorithm,
        secret: &[u8],
        id: Option<KeyId>,
    ) -> Result<Self, KeyError> {
        let private = PrivateKey::Hmac(Zeroizing::new(secret.to_vec()));
        Self::new(private, None, algorithm.into(), id)
    }

    /// Generates a key, for any algorithm except RSA. The id of an HMAC key is random, because an
    /// id derived from the secret would help an attacker guess it. The id of any other key is the
    /// thumbprint of its public key (RFC 7638).
    ///
    /// ```
    /// use jwt_core::{Algorithm, KeyError, SigningKey};
    ///
    /// assert!(SigningKey::generate(Algorithm::HS512).is_ok());
    /// let rsa = SigningKey::generate(Algorithm::RS256);
    /// assert_eq!(rsa.unwrap_err(), KeyError::NotGenerated(Algorithm::RS256));
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError::NotGenerated`] for RSA; [`KeyError::NoRandomness`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = random::system();
        let (private, public) = PrivateKey::generate(algorithm, &random)?;
        let id = match &public {
            Some(public) => public.thumbprint(),
            None => {
                let mut bytes = [0; 16];
                random
                    .fill(&mut bytes)
                    .map_err(|_| KeyError::NoRandomness)?;
                base64url::encode(&bytes)
            }
        };
        Self::new(private, public, algorithm, Some(KeyId::new(id)?))
    }

    /// Reads a private key in PKCS#8 (RFC 5958). Its id is the thumbprint of its public key
    /// (RFC 7638).
    ///
    /// An EC key must include its public key, as those that OpenSSL writes do.
    ///
    /// ```
    /// use jwt_core::{Algorithm, KeyError, SigningKey};
    ///
    /// let key = SigningKey::from_pkcs8_der(b"not DER", Algorithm::EdDSA);
    /// assert!(matches!(key.unwrap_err(), KeyError::Malformed(_)));
    /// ```
    ///
    /// # Errors
    ///
    /// A [`KeyError`] if the key is invalid, not supported, or not for `algorithm`.
    pub fn from_pkcs8_der(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        let (private, public) = PrivateKey::from_pkcs8(der, &random::system())?;
        let id = KeyId::new(public.thumbprint())?;
        Self::new(private, Some(public), algorithm, Some(id))
    }

    /// Like [`SigningKey::from_pkcs8_der`], for PEM (RFC 7468): `-----BEGIN PRIVATE KEY-----`.
    ///
    /// ```
    /// use jwt_core::{Algorithm, SigningKey};
    ///
    /// let key = SigningKey::from_pkcs8_pem(
    ///     "-----BEGIN PRIVATE KEY-----\n\
    ///      MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    ///      -----END PRIVATE KEY-----\n",
    ///     Algorithm::EdDSA,
    /// )?;
    /// // The key and thumbprint of RFC 8037 appendix A.
    /// assert_eq!(key.id().unwrap().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`SigningKey::from_pkcs8_der`].
    pub fn from_pkcs8_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::from_pkcs8_der(&pem::decode(pem, "PRIVATE KEY")?, algorithm)
    }

    /// Reads a private key or an HMAC secret from a JWK (RFC 7517). Its algorithm is its `alg` or
    /// the one that its curve implies. Its id is its `kid`, if present.
    ///
    /// ```
    /// use jwt_core::{KeyError, SigningKey};
    ///
    /// let public = r#"{"kty":"OKP","crv":"Ed25519",
    ///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// assert_eq!(SigningKey::from_jwk(public).unwrap_err(), KeyError::Public);
    /// ```
    ///
    /// # Errors
    ///
    /// A [`KeyError`] if the key is invalid or not supported; [`KeyError::Public`] for a public
    /// key.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        let jwk = Jwk::parse(json, Purpose::Sign, &random::system())?;
        let private = jwk.private.ok_or(KeyError::Public)?;
        Self::new(private, jwk.public, jwk.algorithm, jwk.id)
    }

    fn new(
        private: PrivateKey,
        public: Option<PublicKey>,
        algorithm: Algorithm,
        id: Option<KeyId>,
    ) -> Result<Self, KeyError> {
        let pair = private.key_pair(public.as_ref(), algorithm, &random::system())?;
        let verifying_key = match (&pair, public) {
            (KeyPairOf::Hmac(key), _) => VerifyingKey::hmac(key.clone(), algorithm, id.clone()),
            (_, Some(public)) => VerifyingKey::public(public, algorithm, id.clone()),
            (_, None) => return Err(KeyError::Inconsistent),
        };
        let inner = Inner {
            pair,
            private,
            verifying_key,
        };
        Ok(Self {
            id,
            inner: Arc::new(inner),
        })
    }

    /// The same key with another id, or with none.
    ///
    /// ```
    /// use jwt_core::{Algorithm, KeyId, SigningKey};
    ///
    /// let key = SigningKey::generate(Algorithm::ES256)?.with_id(Some(KeyId::new("2026-11")?));
    /// assert_eq!(key.id().unwrap().as_str(), "2026-11");
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    #[must_use]
    pub fn with_id(self, id: Option<KeyId>) -> Self {
        Self { id, ..self }
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.inner.verifying_key.algorithm()
    }

    /// The key id: the `kid` of the tokens that the key signs.
    pub fn id(&self) -> Option<&KeyId> {
        self.id.as_ref()
    }

    /// The key that verifies what this key signs. For HMAC, it is the same secret.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.inner.verifying_key.clone().with_id(self.id.clone())
    }

    /// Signs arbitrary bytes as a JWS in compact serialization (RFC 7515 §7.1), with `typ` in its
    /// header if given. To sign claims, use [`Signer`](crate::Signer).
    ///
    /// ```
    /// use jwt_core::{Algorithm, KeyRing, SigningKey};
    ///
    /// let key = SigningKey::generate(Algorithm::EdDSA)?;
    /// let jws = key.sign_bytes(None, b"any bytes")?;
    /// let keys = KeyRing::new([key.verifying_key()])?;
    /// assert_eq!(keys.verify_bytes(None, &jws)?.payload, b"any bytes");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignError::TooLong`] or [`SignError::NoRandomness`].
    pub fn sign_bytes(&self, typ: Option<&TokenType>, payload: &[u8]) -> Result<String, SignError> {
        let header = header::encode(self.algorithm(), typ, self.id());
        let mut token = unsigned(&format!("{header}."), payload);
        self.inner.pair.sign(&mut token, &random::system())?;
        capped(token)
    }

    /// Prepares to sign many payloads with the same header.
    pub(crate) fn prepare(&self, header: &str) -> Prepared {
        let begin = format!("{header}.");
        let hmac = match &self.inner.pair {
            KeyPairOf::Hmac(key) => {
                let mut hmac = hmac::Context::with_key(key);
                hmac.update(begin.as_bytes());
                Some(hmac)
            }
            _ => None,
        };
        Prepared { begin, hmac }
    }

    /// Like [`SigningKey::sign_bytes`], with a prepared header.
    pub(crate) fn sign_prepared(
        &self,
        prepared: &Prepared,
        payload: &[u8],
    ) -> Result<String, SignError> {
        let mut token = unsigned(&prepared.begin, payload);
        match &prepared.hmac {
            Some(hmac) => {
                let mut hmac = hmac.clone();
                #[expect(clippy::indexing_slicing, reason = "the token begins with `begin`")]
                hmac.update(&token.as_bytes()[prepared.begin.len()..]);
                private_key::append(&mut token, hmac.sign().as_ref());
            }
            None => self.inner.pair.sign(&mut token, &random::system())?,
        }
        capped(token)
    }

    /// The private key or secret as a JWK (RFC 7517). Anyone who reads it can sign. The string is
    /// zeroized when it is dropped.
    ///
    /// ```
    /// use jwt_core::{Algorithm, SigningKey};
    ///
    /// let key = SigningKey::generate(Algorithm::ES384)?;
    /// let again = SigningKey::from_jwk(&key.dangerous_private_jwk())?;
    /// assert_eq!(again.id(), key.id());
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    pub fn dangerous_private_jwk(&self) -> Zeroizing<String> {
        let public = self.verifying_key().public_jwk_value();
        jwk::write_private(&self.inner.private, public, self.algorithm(), self.id())
    }
}

/// The common beginning of all tokens with the same header.
#[derive(Clone)]
pub(crate) struct Prepared {
    /// The encoded header and the dot after it.
    begin: String,
    /// An HMAC that has already hashed `begin`.
    hmac: Option<hmac::Context>,
}

/// `begin` and the encoded payload, with capacity for a signature.
fn unsigned(begin: &str, payload: &[u8]) -> String {
    let mut token = String::with_capacity(begin.len() + payload.len().div_ceil(3) * 4 + 90);
    token.push_str(begin);
    base64url::encode_into(payload, &mut token);
    token
}

/// Refuses a token that is too long to be verified.
fn capped(token: String) -> Result<String, SignError> {
    match token.len() <= MAX_TOKEN_LEN {
        true => Ok(token),
        false => Err(SignError::TooLong),
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

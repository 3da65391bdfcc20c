//! Keys that were created elsewhere, as they are read from files.

use jwt_core::{Algorithm, HmacAlgorithm, KeyError, KeyId, SigningKey, VerifyingKey};
use serde_json::{Map, Value, json};
use thiserror::Error;
use zeroize::Zeroizing;

use super::legacy::LegacyTokens;

/// The form of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// A JWK (RFC 7517): private, public or secret.
    Jwk,
    /// PKCS#8 or SubjectPublicKeyInfo in PEM (RFC 7468).
    Pem,
    /// The secret of an HMAC: all bytes except a trailing line end.
    Secret,
}

/// A key that was created elsewhere.
#[derive(Debug)]
pub struct ImportedKey {
    pub(super) id: KeyId,
    pub(super) algorithm: Algorithm,
    /// Private if it signs, else no more than verifying requires.
    pub(super) jwk: Zeroizing<String>,
    pub(super) signs: bool,
}

/// Of a key that signs.
pub(super) const LEAST_RSA_BITS: usize = 3072;

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidKey {
    /// The form does not name an algorithm.
    #[error("requires its algorithm (--alg)")]
    NoAlgorithm,
    /// The algorithm is not an HMAC.
    #[error("a secret requires an HMAC algorithm: HS256, HS384 or HS512")]
    NotHmac,
    /// The key is for another algorithm.
    #[error("the key is for {0}")]
    OtherAlgorithm(Algorithm),
    /// The key has no id.
    #[error("the key has no kid; choose one (--id)")]
    NoId,
    /// A public key cannot sign.
    #[error("a public key cannot sign")]
    Public,
    /// The RSA key is too short to sign (OWASP ASVS 5.0, V11.2.3: a security of 128 bits).
    #[error(
        "an RSA key that signs must have at least {LEAST_RSA_BITS} bits; this one has {0}. It may still verify"
    )]
    ShortRsa(usize),
    /// The text is not a valid key.
    #[error("{0}")]
    Unreadable(#[from] KeyError),
}

enum Either {
    Private(SigningKey),
    Public(VerifyingKey),
}

impl KeyForm {
    /// Reads a key that shall sign and verify, or only verify.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`]; it never quotes the key.
    pub fn read(
        self,
        text: &str,
        algorithm: Option<Algorithm>,
        id: Option<String>,
        signs: bool,
    ) -> Result<ImportedKey, InvalidKey> {
        let key = match self {
            KeyForm::Jwk => match SigningKey::from_jwk(text) {
                Err(KeyError::Public) => VerifyingKey::from_jwk(text).map(Either::Public),
                key => key.map(Either::Private),
            }?,
            KeyForm::Pem => {
                let algorithm = algorithm.ok_or(InvalidKey::NoAlgorithm)?;
                match text.contains("PUBLIC KEY") {
                    true => VerifyingKey::from_spki_pem(text, algorithm).map(Either::Public)?,
                    false => SigningKey::from_pkcs8_pem(text, algorithm).map(Either::Private)?,
                }
            }
            KeyForm::Secret => {
                let algorithm = algorithm.ok_or(InvalidKey::NoAlgorithm)?;
                let algorithm: HmacAlgorithm =
                    algorithm.name().parse().map_err(|_| InvalidKey::NotHmac)?;
                let secret = text.trim_end_matches(['\r', '\n']).as_bytes();
                Either::Private(SigningKey::from_secret(algorithm, secret, None)?)
            }
        };
        let id = id.map(KeyId::new).transpose()?;
        let id = id.or_else(|| key.id().cloned()).ok_or(InvalidKey::NoId)?;
        if let Some(given) = algorithm
            && given != key.algorithm()
        {
            return Err(InvalidKey::OtherAlgorithm(key.algorithm()));
        }
        if let (true, Some(bits)) = (signs, key.rsa_bits())
            && bits < LEAST_RSA_BITS
        {
            return Err(InvalidKey::ShortRsa(bits));
        }
        Ok(ImportedKey {
            algorithm: key.algorithm(),
            jwk: key.jwk(&id, signs)?,
            id,
            signs,
        })
    }
}

impl ImportedKey {
    /// Makes it a key that verifies legacy tokens of this shape, and no tokens of this service.
    ///
    /// # Errors
    ///
    /// Returns [`KeyError::Malformed`] if the JWK is not a JSON object; no key that was read causes
    /// that.
    pub fn for_legacy_tokens(mut self, tokens: &LegacyTokens) -> Result<Self, InvalidKey> {
        let jwk: Option<Map<String, Value>> = serde_json::from_str(&self.jwk).ok();
        let mut jwk = jwk.ok_or(KeyError::Malformed("JWK"))?;
        jwk.insert("older_tokens".to_owned(), json!(tokens));
        self.jwk = Zeroizing::new(Value::Object(jwk).to_string());
        Ok(self)
    }
}

impl Either {
    fn rsa_bits(&self) -> Option<usize> {
        match self {
            Either::Private(key) => key.verifying_key().rsa_bits(),
            Either::Public(key) => key.rsa_bits(),
        }
    }

    fn id(&self) -> Option<&KeyId> {
        match self {
            Either::Private(key) => key.id(),
            Either::Public(key) => key.id(),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Either::Private(key) => key.algorithm(),
            Either::Public(key) => key.algorithm(),
        }
    }

    /// The JWK to store under this id. A key that only verifies is stored without its private part.
    fn jwk(self, id: &KeyId, signs: bool) -> Result<Zeroizing<String>, InvalidKey> {
        let id = Some(id.clone());
        match self {
            Either::Private(key) => {
                let key = key.with_id(id.clone());
                let public = key.verifying_key().with_id(id).public_jwk();
                Ok(match public {
                    Some(public) if !signs => Zeroizing::new(public),
                    _ => key.dangerous_private_jwk(),
                })
            }
            Either::Public(_) if signs => Err(InvalidKey::Public),
            Either::Public(key) => {
                let public = key.with_id(id).public_jwk();
                public.map(Zeroizing::new).ok_or(InvalidKey::NoId)
            }
        }
    }
}

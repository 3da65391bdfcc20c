use serde::Deserialize;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::error::KeyError;
use crate::json;
use crate::jwk::{Jwk, Purpose};
use crate::random;
use crate::verifying_key::VerifyingKey;

/// The longest set that is looked at, in bytes.
const MAX_LEN: usize = 256 * 1024;

/// The most keys of a set that are looked at.
const MAX_KEYS: usize = 100;

/// A set of public keys (RFC 7517 §5), as services publish it.
///
/// ```
/// use jwt_core::{Algorithm, JwkSet, KeyRing, SigningKey};
///
/// // The one who signs publishes …
/// let key = SigningKey::generate(Algorithm::EdDSA)?;
/// let published = JwkSet::new([key.verifying_key()]).to_json();
///
/// // … and everybody else verifies.
/// let set = JwkSet::parse(&published)?;
/// let keys = KeyRing::new(set.keys)?;
/// assert!(keys.verify_bytes(None, &key.sign_bytes(None, b"hello")?).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JwkSet {
    /// The keys that can be used here.
    pub keys: Vec<VerifyingKey>,
    /// The others: they are skipped, as RFC 7517 §5 asks.
    pub skipped: Vec<SkippedKey>,
}

/// A key of a [`JwkSet`] that cannot be used here.
///
/// ```
/// use jwt_core::{JwkSet, KeyError};
///
/// let set = JwkSet::parse(r#"{"keys":[{"kty":"new","kid":"a"}]}"#)?;
/// let skipped = &set.skipped[0];
/// assert_eq!(skipped.kid.as_deref(), Some("a"));
/// assert!(matches!(skipped.why, KeyError::Unsupported(_)));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Its `kid`, whatever that is worth.
    pub kid: Option<String>,
    /// What is wrong with it.
    pub why: KeyError,
}

impl JwkSet {
    /// A set of these keys. Those of HMACs are left out: their secrets are nobody's business.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let public = |key: &VerifyingKey| key.thumbprint().is_some();
        Self {
            keys: keys.into_iter().filter(public).collect(),
            skipped: Vec::new(),
        }
    }

    /// Reads a set. A key that cannot be used here is skipped; so is a secret or private key,
    /// which should not be there, and one that a [`KeyRing`](crate::KeyRing) could not tell from an
    /// earlier one by its id.
    ///
    /// ```
    /// use jwt_core::{JwkSet, KeyError};
    ///
    /// let set = JwkSet::parse(r#"{"keys":[{"kty":"oct","alg":"HS256","k":"AAAA"},{"kty":"new"}]}"#)?;
    /// assert!(set.keys.is_empty());
    /// assert_eq!(set.skipped.len(), 2);
    /// # Ok::<(), KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError::Malformed`] when it is no set at all, or one of more than 100 keys or 256 KiB.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Self::read(text, None)
    }

    /// The same, for a set whose RSA keys may have no `alg`: they are then for `algorithm`. Many
    /// issuers leave it out, and say elsewhere what they sign with.
    ///
    /// ```
    #[doc = include_str!("../docs/an_rsa_jwk.rs.in")]
    /// let set = format!(r#"{{"keys":[{jwk}]}}"#);
    /// assert!(JwkSet::parse(&set)?.keys.is_empty());
    /// let keys = JwkSet::parse_with_default(&set, Algorithm::RS256)?.keys;
    /// assert_eq!(keys[0].algorithm(), Algorithm::RS256);
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`JwkSet::parse`].
    pub fn parse_with_default(text: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::read(text, Some(algorithm))
    }

    fn read(text: &str, default: Option<Algorithm>) -> Result<Self, KeyError> {
        let unreadable = KeyError::Malformed("it is not a JWK set");
        if text.len() > MAX_LEN {
            return Err(unreadable);
        }
        let members: Members = json::from_str(text).map_err(|_| unreadable)?;
        if members.keys.len() > MAX_KEYS {
            return Err(KeyError::Malformed("it has too many keys"));
        }
        let mut set = Self {
            keys: Vec::new(),
            skipped: Vec::new(),
        };
        for value in members.keys {
            let kid = value.get("kid").and_then(Value::as_str);
            let kid = kid.map(str::to_owned);
            match set.usable(value, default) {
                Ok(key) => set.keys.push(key),
                Err(why) => set.skipped.push(SkippedKey { kid, why }),
            }
        }
        Ok(set)
    }

    fn usable(&self, value: Value, default: Option<Algorithm>) -> Result<VerifyingKey, KeyError> {
        let jwk = Jwk::from_value(value, Purpose::Verify, default, &random::system())?;
        let key = VerifyingKey::from_public(jwk)?;
        if self.keys.iter().any(|earlier| earlier.clashes_with(&key)) {
            return Err(KeyError::DuplicateKeyId);
        }
        Ok(key)
    }

    /// The set as it is published: public keys and nothing else.
    pub fn to_json(&self) -> String {
        let keys = self.keys.iter().filter_map(VerifyingKey::public_jwk_value);
        serde_json::json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
    }
}

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

use serde::Deserialize;
use serde_json::Value;

use crate::algorithm::Algorithm;
use crate::error::KeyError;
use crate::json;
use crate::jwk::{Jwk, Purpose};
use crate::random;
use crate::verifying_key::VerifyingKey;

/// The maximum length of a set, in bytes.
const MAX_LEN: usize = 256 * 1024;

/// The maximum number of keys in a set.
const MAX_KEYS: usize = 100;

/// A JWK set: the public keys that a service publishes (RFC 7517 §5).
///
/// ```
/// use jwt_core::{Algorithm, JwkSet, KeyRing, SigningKey};
///
/// // The signer publishes its public keys …
/// let key = SigningKey::generate(Algorithm::EdDSA)?;
/// let published = JwkSet::new([key.verifying_key()]).to_json();
///
/// // … and others use them to verify.
/// let set = JwkSet::parse(&published)?;
/// let keys = KeyRing::new(set.keys)?;
/// assert!(keys.verify_bytes(None, &key.sign_bytes(None, b"hello")?).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JwkSet {
    /// The keys that can be used.
    pub keys: Vec<VerifyingKey>,
    /// The keys that cannot be used. They are skipped, as RFC 7517 §5 recommends.
    pub skipped: Vec<SkippedKey>,
}

/// A key of a [`JwkSet`] that cannot be used.
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
    /// The key's `kid`, unchecked, if it is a string.
    pub kid: Option<String>,
    /// Why the key was skipped.
    pub why: KeyError,
}

impl JwkSet {
    /// A set of these keys. HMAC keys are left out, because they must stay secret.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let public = |key: &VerifyingKey| key.thumbprint().is_some();
        Self {
            keys: keys.into_iter().filter(public).collect(),
            skipped: Vec::new(),
        }
    }

    /// Parses a set. Keys that cannot be used are skipped. So are private keys and secrets, which
    /// must not be published, and keys that a [`KeyRing`](crate::KeyRing) could not distinguish
    /// from an earlier one by their id.
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
    /// [`KeyError::Malformed`] if the text is not a JWK set, or if it has more than 100 keys or
    /// 256 KiB.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Self::read(text, None)
    }

    /// Like [`JwkSet::parse`], but keys without `alg` whose type does not imply one, such as RSA
    /// keys, are for `algorithm`. Many issuers omit `alg` and document the algorithm elsewhere.
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
    /// The same as for [`JwkSet::parse`].
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
            return Err(KeyError::Malformed("the JWK set has too many keys"));
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

    /// The set as JSON, ready to publish. It contains public keys only.
    pub fn to_json(&self) -> String {
        let keys = self.keys.iter().filter_map(VerifyingKey::public_jwk_value);
        serde_json::json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
    }
}

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

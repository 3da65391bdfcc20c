use crate::error::{Error, KeyError};
use crate::header::Header;
use crate::jws::{Compact, Jws};
use crate::verifying_key::VerifyingKey;

/// The keys that verify: a token is checked with the one that its header names, and no other.
///
/// That is the key of the same `kid`. A token without one is checked with the key without one
/// that is for its algorithm.
///
/// ```
/// use jwt_core::{Algorithm, Error, KeyRing, SigningKey};
///
/// // While keys are rotated, the old one still verifies.
/// let old = SigningKey::generate(Algorithm::HS256)?;
/// let new = SigningKey::generate(Algorithm::EdDSA)?;
/// let keys = KeyRing::new([old.verifying_key(), new.verifying_key()])?;
/// assert!(keys.verify(&old.sign_bytes(None, b"")?).is_ok());
/// assert!(keys.verify(&new.sign_bytes(None, b"")?).is_ok());
///
/// let stranger = SigningKey::generate(Algorithm::EdDSA)?;
/// assert_eq!(keys.verify(&stranger.sign_bytes(None, b"")?), Err(Error::UnknownKey));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Vec<VerifyingKey>,
}

impl KeyRing {
    /// # Errors
    ///
    /// [`KeyError::DuplicateKeyId`] when two keys have the same id, or two for the same algorithm
    /// have none.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        let keys: Vec<_> = keys.into_iter().collect();
        for (n, key) in keys.iter().enumerate() {
            if keys.iter().take(n).any(|earlier| earlier.clashes_with(key)) {
                return Err(KeyError::DuplicateKeyId);
            }
        }
        Ok(Self { keys })
    }

    /// Verifies the signature of a JWS, whatever its payload is. For claims there is
    /// [`Verifier`](crate::Verifier).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::CriticalHeader`], [`Error::UnknownKey`],
    /// [`Error::AlgorithmMismatch`] or [`Error::BadSignature`].
    pub fn verify(&self, token: &str) -> Result<Jws, Error> {
        let compact = Compact::split(token)?;
        let header = Header::decode(compact.header)?;
        let key = self.find(&header)?;
        key.verify(compact)?;
        Ok(Jws {
            algorithm: key.algorithm(),
            key_id: key.id().cloned(),
            typ: header.typ,
            payload: compact.decoded_payload()?,
        })
    }

    pub(crate) fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    pub(crate) fn find(&self, header: &Header) -> Result<&VerifyingKey, Error> {
        let kid = header.kid.as_deref();
        let is_for_it = |key: &&VerifyingKey| key.algorithm().name() == header.alg;
        let mut named = self
            .keys
            .iter()
            .filter(|key| key.id().map(|id| id.as_str()) == kid)
            .peekable();
        if named.peek().is_none() {
            return Err(Error::UnknownKey);
        }
        named.find(is_for_it).ok_or(Error::AlgorithmMismatch)
    }
}

use crate::error::{Error, KeyError};
use crate::header::Header;
use crate::jws::{Compact, Jws};
use crate::key::VerifyingKey;

/// The keys that verify: a token is checked with the one its `kid` names, and no other.
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Vec<VerifyingKey>,
}

impl KeyRing {
    /// # Errors
    ///
    /// [`KeyError::DuplicateKeyId`] when two keys have the same id, or two have none.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        let keys: Vec<_> = keys.into_iter().collect();
        for (n, key) in keys.iter().enumerate() {
            if keys[..n].iter().any(|earlier| earlier.id() == key.id()) {
                return Err(KeyError::DuplicateKeyId);
            }
        }
        Ok(Self { keys })
    }

    /// Verifies the signature of a JWS, whatever its payload is.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::CriticalHeader`], [`Error::UnknownKey`],
    /// [`Error::AlgorithmMismatch`] or [`Error::BadSignature`].
    pub fn verify(&self, token: &str) -> Result<Jws, Error> {
        let compact = Compact::split(token)?;
        let header = Header::decode(compact.header)?;
        let key = self.find(&header)?;
        Ok(Jws {
            algorithm: key.algorithm(),
            key_id: key.id().cloned(),
            payload: key.verify(compact)?,
            typ: header.typ,
        })
    }

    pub(crate) fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    pub(crate) fn find(&self, header: &Header) -> Result<&VerifyingKey, Error> {
        let key = self
            .keys
            .iter()
            .find(|key| key.id().map(|id| id.as_str()) == header.kid.as_deref())
            .ok_or(Error::UnknownKey)?;
        if key.algorithm().name() == header.alg {
            Ok(key)
        } else {
            Err(Error::AlgorithmMismatch)
        }
    }
}

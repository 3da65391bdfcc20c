use crate::error::{Error, KeyError};
use crate::header::Header;
use crate::jws::{Compact, Jws};
use crate::token_type::TokenType;
use crate::verifying_key::VerifyingKey;

/// The keys that verify: a token is checked with the one that its header names, and no other.
/// They are the keys of one issuer, as each of them can sign what all say.
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
/// assert!(keys.verify_bytes(None, &old.sign_bytes(None, b"")?).is_ok());
/// assert!(keys.verify_bytes(None, &new.sign_bytes(None, b"")?).is_ok());
///
/// let stranger = SigningKey::generate(Algorithm::EdDSA)?;
/// let strange = stranger.sign_bytes(None, b"")?;
/// assert_eq!(keys.verify_bytes(None, &strange), Err(Error::UnknownKey));
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

    /// Verifies the signature over any bytes, of kind `typ` or of any kind, as
    /// [`SigningKey::sign_bytes`](crate::SigningKey::sign_bytes) makes it. Nothing that the bytes
    /// say is looked at: for claims there is [`Verifier`](crate::Verifier).
    ///
    /// ```
    /// use jwt_core::{Algorithm, Error, KeyRing, SigningKey, TokenType};
    ///
    /// let key = SigningKey::generate(Algorithm::EdDSA)?;
    /// let keys = KeyRing::new([key.verifying_key()])?;
    /// let [receipt, invoice] = ["receipt", "invoice"].map(TokenType::new);
    /// let signed = key.sign_bytes(Some(&receipt), b"17 apples")?;
    /// assert!(keys.verify_bytes(Some(&receipt), &signed).is_ok());
    /// assert_eq!(keys.verify_bytes(Some(&invoice), &signed), Err(Error::WrongType));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::CriticalHeader`], [`Error::WrongType`],
    /// [`Error::UnknownKey`], [`Error::AlgorithmMismatch`] or [`Error::BadSignature`].
    pub fn verify_bytes(&self, typ: Option<&TokenType>, token: &str) -> Result<Jws, Error> {
        let compact = Compact::split(token)?;
        let header = Header::decode(compact.header)?;
        if typ.is_some_and(|typ| !header.is_of(typ)) {
            return Err(Error::WrongType);
        }
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
        let is_for_it = |key: &&VerifyingKey| key.algorithm().is_named(&header.alg);
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

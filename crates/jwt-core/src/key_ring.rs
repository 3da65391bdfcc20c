use crate::error::{Error, KeyError};
use crate::header::Header;
use crate::jws::{Compact, Jws};
use crate::token_type::TokenType;
use crate::verifying_key::VerifyingKey;

/// The keys that verify the tokens of one issuer.
///
/// A token is verified only with the key that has its `kid`. A token without a `kid` is verified
/// with the key that has no id and is for the token's `alg`. Do not mix the keys of several
/// issuers: any key in the ring can sign for the issuer that the verifier accepts.
///
/// ```
/// use jwt_core::{Algorithm, Error, KeyRing, SigningKey};
///
/// // During a rotation, the old key still verifies.
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
    /// Creates a key ring.
    ///
    /// # Errors
    ///
    /// [`KeyError::DuplicateKeyId`] if two keys have the same id, or if two keys for the same
    /// algorithm have none.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        let keys: Vec<_> = keys.into_iter().collect();
        for (n, key) in keys.iter().enumerate() {
            if keys.iter().take(n).any(|earlier| earlier.clashes_with(key)) {
                return Err(KeyError::DuplicateKeyId);
            }
        }
        Ok(Self { keys })
    }

    /// Verifies a JWS over arbitrary bytes, as created by
    /// [`SigningKey::sign_bytes`](crate::SigningKey::sign_bytes). If `typ` is `None`, any token
    /// type is accepted. The payload is not interpreted; to verify claims, use
    /// [`Verifier`](crate::Verifier).
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

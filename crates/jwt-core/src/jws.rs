//! JWS compact serialization (RFC 7515 §7.1).

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::error::{Error, Malformed};
use crate::key_id::KeyId;

/// The maximum length of a token, in bytes. Longer ones are rejected unread and never signed.
///
/// ```
/// use jwt_core::{KeyRing, MAX_TOKEN_LEN, Malformed};
///
/// let keys = KeyRing::new([])?;
/// let long = "a".repeat(MAX_TOKEN_LEN + 1);
/// assert_eq!(keys.verify_bytes(None, &long), Err(Malformed::TooLong.into()));
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
pub const MAX_TOKEN_LEN: usize = 8 * 1024;

/// The maximum length of a payload that is decoded without an allocation, in bytes.
const ON_THE_STACK: usize = 512;

/// A JWS whose signature [`KeyRing::verify_bytes`](crate::KeyRing::verify_bytes) has verified. The
/// content of its payload is not checked; to verify claims, use [`Verifier`](crate::Verifier).
///
/// ```
/// use jwt_core::{Algorithm, KeyRing, SigningKey, TokenType};
///
/// let key = SigningKey::generate(Algorithm::EdDSA)?;
/// let keys = KeyRing::new([key.verifying_key()])?;
/// let receipt = TokenType::new("receipt");
/// let signed = key.sign_bytes(Some(&receipt), b"17 apples")?;
///
/// let jws = keys.verify_bytes(Some(&receipt), &signed)?;
/// assert_eq!(jws.payload, b"17 apples");
/// assert_eq!(jws.typ.as_deref(), Some("receipt"));
/// assert_eq!(jws.key_id.as_ref(), key.id());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Jws {
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The `kid` of the key that verified it.
    pub key_id: Option<KeyId>,
    /// The `typ` header parameter, if present.
    pub typ: Option<String>,
    /// The signed bytes.
    pub payload: Vec<u8>,
}

/// The three parts of a token, still encoded.
#[derive(Clone, Copy)]
pub(crate) struct Compact<'a> {
    pub(crate) header: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) signature: &'a str,
    /// The signed part: `header.payload`.
    pub(crate) signing_input: &'a str,
}

impl<'a> Compact<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, Malformed> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(Malformed::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Malformed::Parts)?;
        if payload.contains('.') {
            return Err(Malformed::Parts);
        }
        Ok(Self {
            header,
            payload,
            signature,
            signing_input,
        })
    }

    /// The decoded payload.
    pub(crate) fn decoded_payload(self) -> Result<Vec<u8>, Malformed> {
        base64url::decode(self.payload)
    }

    /// Calls `f` with the decoded payload, which is on the stack unless it is long.
    pub(crate) fn with_payload<T>(
        self,
        f: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.payload.len() > ON_THE_STACK / 3 * 4 {
            return f(&self.decoded_payload()?);
        }
        let mut buffer = [0; ON_THE_STACK];
        f(base64url::decode_into(self.payload, &mut buffer)?)
    }
}

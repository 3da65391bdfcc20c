//! What can be wrong with a token or a key. No message carries a part of either.

use thiserror::Error;

use crate::algorithm::Algorithm;

/// Why a token was refused. Good for a log; whoever sent the token is best told only that it was.
///
/// ```
/// use jwt_core::{Error, KeyRing, NoClaims, NumericDate, TokenType, Verifier};
///
/// let keys = KeyRing::new([])?;
/// let verifier = Verifier::new(TokenType::ACCESS_TOKEN, "us", None, keys);
/// let error = verifier.verify::<NoClaims>("not a token", NumericDate::MAX).unwrap_err();
/// assert_eq!(error.to_string(), "the token is malformed: it does not have three parts");
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// It is not a JWS in compact serialization, or its JSON is not what RFC 7519 asks for.
    #[error("the token is malformed: {0}")]
    Malformed(#[from] Malformed),
    /// It has a `crit` header parameter: no extension is understood (RFC 7515 §4.1.11).
    #[error("the token demands a header extension (`crit`) that is not supported")]
    CriticalHeader,
    /// No key of the key ring has its `kid`. Keys that were read from PEM or DER are named after
    /// their thumbprint: `with_id` gives them the name by which the signer knows them, or none.
    #[error("the token was signed with a key that is not known here")]
    UnknownKey,
    /// Its `alg` is not the one its key is for.
    #[error("the token's algorithm is not the one of its key")]
    AlgorithmMismatch,
    /// Its signature does not verify.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// Its `typ` is another kind's.
    #[error("the token is of another kind")]
    WrongType,
    /// A claim that must be there is not: one that is checked, or that the application's own type
    /// asks for.
    #[error("the token has no `{0}` claim")]
    MissingClaim(&'static str),
    /// Its `iss` is someone else.
    #[error("the token is from another issuer")]
    WrongIssuer,
    /// Its `aud` does not name the verifier.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its `exp` is not in the future.
    #[error("the token has expired")]
    Expired,
    /// Its `nbf` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its `iat` is in the future.
    #[error("the token was issued in the future")]
    IssuedInTheFuture,
}

/// What makes a text no token at all.
///
/// ```
/// use jwt_core::{Error, KeyRing, Malformed};
///
/// let keys = KeyRing::new([])?;
/// let parts = keys.verify_bytes(None, "e30.e30");
/// assert_eq!(parts, Err(Error::Malformed(Malformed::Parts)));
/// let padded = keys.verify_bytes(None, "e30=.e30.AA");
/// assert_eq!(padded, Err(Error::Malformed(Malformed::Base64url)));
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It is longer than [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN).
    #[error("it is too long")]
    TooLong,
    /// It does not have exactly three parts.
    #[error("it does not have three parts")]
    Parts,
    /// A part is not canonical base64url (RFC 7515 §2).
    #[error("a part is not base64url")]
    Base64url,
    /// The header is not strict JSON with the members of RFC 7515 §4.1.
    #[error("its header is not valid")]
    Header,
    /// The payload is not one strict JSON object, or its claims are not of the types that were
    /// asked for.
    #[error("its claims are not valid")]
    Claims,
}

/// Why a key, or a set of keys, was refused.
///
/// ```
/// use jwt_core::{HmacAlgorithm, SigningKey};
///
/// let error = SigningKey::from_secret(HmacAlgorithm::HS512, b"secret", None).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the secret is too short: its algorithm needs at least 64 bytes"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It cannot be read.
    #[error("the key cannot be read: {0}")]
    Malformed(&'static str),
    /// It is of a kind that is not supported.
    #[error("the key is not supported: {0}")]
    Unsupported(&'static str),
    /// The secret is shorter than the hash it is for (RFC 7518 §3.2).
    #[error("the secret is too short: its algorithm needs at least {needed} bytes")]
    SecretTooShort {
        /// The fewest bytes that will do.
        needed: usize,
    },
    /// An RSA key shorter than 2048 bits (RFC 7518 §3.3), or longer than 8192.
    #[error("an RSA key must have 2048 to 8192 bits; this one has {bits}")]
    RsaKeySize {
        /// Those of its modulus.
        bits: usize,
    },
    /// A public key that is no point of its curve, or one that verifies anything.
    #[error("the public key is not a good point of its curve")]
    InvalidPoint,
    /// The parts of a private key do not belong together.
    #[error("the parts of the private key do not belong together")]
    Inconsistent,
    /// The key is not one for the algorithm that was asked for, or that it names.
    #[error("the key is not one for {0}")]
    WrongAlgorithm(Algorithm),
    /// `use` or `key_ops` say that it is for something else (RFC 7517 §4.2, §4.3).
    #[error("the key is meant for something else (`use` or `key_ops`)")]
    WrongUse,
    /// A private key where a public one belongs: it should not have got there.
    #[error("this is a private key, where a public one is expected")]
    Private,
    /// A public key where a private one is needed.
    #[error("this is a public key, which cannot sign")]
    Public,
    /// Two keys of a key ring have the same `kid`.
    #[error("two keys have the same key id")]
    DuplicateKeyId,
    /// A key id is empty, too long or has control characters.
    #[error("a key id has 1 to 128 characters, none of them a control character")]
    InvalidKeyId,
    /// RSA keys are imported, not made here.
    #[error("keys for {0} cannot be made here, only imported")]
    NotGenerated(Algorithm),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

/// Why something could not be signed.
///
/// ```
/// use jwt_core::{Algorithm, Claims, NumericDate, RegisteredClaims, SignError};
/// use jwt_core::{Signer, SigningKey, TokenType};
///
/// let signer = Signer::new(TokenType::ACCESS_TOKEN, SigningKey::generate(Algorithm::HS256)?);
/// let claims = Claims {
///     registered: RegisteredClaims {
///         exp: NumericDate::from_secs(1_800_000_300),
///         ..RegisteredClaims::default()
///     },
///     own: "not an object",
/// };
/// assert!(matches!(signer.sign(&claims), Err(SignError::Claims(_))));
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The claims cannot be written as one JSON object.
    #[error("the claims cannot be signed: {0}")]
    Claims(#[from] ClaimsError),
    /// The claims have no `exp`: the token would be good until its key is gone.
    #[error("the claims have no `exp`")]
    MissingExpiry,
    /// The token would be longer than [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN): nobody here would
    /// take it.
    #[error("the token would have more than {} bytes", crate::MAX_TOKEN_LEN)]
    TooLong,
    /// The operating system gave no randomness, which ECDSA and RSASSA-PSS need.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

/// What is wrong with claims that were to be signed.
///
/// ```
/// use jwt_core::{Algorithm, Claims, NumericDate, RegisteredClaims, Signer, SigningKey, TokenType};
///
/// let signer = Signer::new(TokenType::ACCESS_TOKEN, SigningKey::generate(Algorithm::HS256)?);
/// let claims = Claims {
///     registered: RegisteredClaims {
///         exp: NumericDate::from_secs(1_800_000_300),
///         ..RegisteredClaims::default()
///     },
///     own: std::collections::BTreeMap::from([("exp", 0)]),
/// };
/// assert_eq!(
///     signer.sign(&claims).unwrap_err().to_string(),
///     "the claims cannot be signed: `exp` is a registered claim, not one of the application's own"
/// );
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ClaimsError(pub(crate) serde_json::Error);

//! Errors for tokens and keys. No message contains any part of a token or key.

use thiserror::Error;

use crate::algorithm::Algorithm;

/// Why a token was rejected. Log it, but tell the client only that the token was rejected.
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
    /// The token is not a JWS in compact serialization (RFC 7515 §7.1), or its JSON violates
    /// RFC 7519.
    #[error("the token is malformed: {0}")]
    Malformed(#[from] Malformed),
    /// The token has a `crit` header parameter (RFC 7515 §4.1.11); no extensions are supported.
    #[error("the token requires a header extension (`crit`), and none are supported")]
    CriticalHeader,
    /// No key in the key ring has the token's `kid`.
    ///
    /// The id of a key read from PEM or DER is its thumbprint. If the signer uses another `kid` or
    /// none, set it with [`VerifyingKey::with_id`](crate::VerifyingKey::with_id).
    #[error("no key in the key ring has the token's `kid`")]
    UnknownKey,
    /// The token's `alg` is not the algorithm of its key.
    #[error("the token's algorithm does not match its key")]
    AlgorithmMismatch,
    /// Signature verification failed.
    #[error("the token's signature is invalid")]
    BadSignature,
    /// The token's `typ` is not the expected token type, or is missing.
    #[error("the token has the wrong type (`typ`)")]
    WrongType,
    /// A required claim is missing: one that the verifier checks, or a field of the custom claims.
    #[error("the token has no `{0}` claim")]
    MissingClaim(&'static str),
    /// The token's `iss` is not the expected issuer.
    #[error("the token was issued by another issuer")]
    WrongIssuer,
    /// The token's `aud` does not contain the expected audience, or no audience is expected.
    #[error("the token is for another audience")]
    WrongAudience,
    /// The token's `exp` is not in the future.
    #[error("the token has expired")]
    Expired,
    /// The token's `nbf` is in the future.
    #[error("the token is not valid yet (`nbf`)")]
    NotYetValid,
    /// The token's `iat` is in the future.
    #[error("the token was issued in the future (`iat`)")]
    IssuedInTheFuture,
}

/// Why a token is malformed.
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
    /// The token is longer than [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN).
    #[error("it is too long")]
    TooLong,
    /// The token does not have exactly three parts (RFC 7515 §7.1).
    #[error("it does not have three parts")]
    Parts,
    /// A part is not canonical base64url (RFC 7515 §2).
    #[error("a part is not canonical base64url")]
    Base64url,
    /// The header is not strict JSON with the parameters of RFC 7515 §4.1.
    #[error("its header is invalid")]
    Header,
    /// The payload is not a single strict JSON object, or a claim does not have the expected type.
    #[error("its claims are invalid")]
    Claims,
}

/// Why a key or a set of keys was rejected.
///
/// ```
/// use jwt_core::{HmacAlgorithm, SigningKey};
///
/// let error = SigningKey::from_secret(HmacAlgorithm::HS512, b"secret", None).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the secret is too short: its algorithm requires at least 64 bytes"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key, or the set of keys, cannot be parsed.
    #[error("invalid key data: {0}")]
    Malformed(&'static str),
    /// The key has an unsupported type or parameter.
    #[error("unsupported key: {0}")]
    Unsupported(&'static str),
    /// The HMAC secret is shorter than the output of its hash (RFC 7518 §3.2).
    #[error("the secret is too short: its algorithm requires at least {needed} bytes")]
    SecretTooShort {
        /// The minimum length in bytes.
        needed: usize,
    },
    /// The RSA key has fewer than 2048 bits (RFC 7518 §3.3) or more than 8192.
    #[error("an RSA key must have 2048 to 8192 bits; this one has {bits}")]
    RsaKeySize {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// The public key is not a point on its curve, or has small order, so that anyone could forge
    /// signatures for it.
    #[error("the public key is not a valid point on its curve")]
    InvalidPoint,
    /// The parts of the private key do not match each other, or do not match the public key.
    #[error("the parts of the key do not match each other")]
    Inconsistent,
    /// The key cannot be used with the requested algorithm, or with the one in its `alg`.
    #[error("the key cannot be used with {0}")]
    WrongAlgorithm(Algorithm),
    /// The key's `use` or `key_ops` do not allow this operation (RFC 7517 §4.2, §4.3).
    #[error("the key's `use` or `key_ops` do not allow this operation")]
    WrongUse,
    /// A private key or a secret was given where a public key is expected.
    #[error("expected a public key, found a private key or a secret")]
    Private,
    /// A public key was given where a private key or a secret is required.
    #[error("expected a private key or a secret, found a public key")]
    Public,
    /// Two keys of a key ring have the same `kid`, or neither has one and both are for the same
    /// algorithm.
    #[error("two keys have the same key id, or the same algorithm and no key id")]
    DuplicateKeyId,
    /// The key id is empty, longer than 128 characters, or contains control characters.
    #[error("a key id must have 1 to 128 characters and no control characters")]
    InvalidKeyId,
    /// RSA keys can be imported but not generated.
    #[error("keys for {0} cannot be generated, only imported")]
    NotGenerated(Algorithm),
    /// The operating system's random number generator failed.
    #[error("the operating system's random number generator failed")]
    NoRandomness,
}

/// Why signing failed.
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
    /// The claims cannot be serialized as a single JSON object.
    #[error("the claims cannot be signed: {0}")]
    Claims(#[from] ClaimsError),
    /// The claims have no `exp`: the token would be valid for as long as its key is.
    #[error("the claims have no `exp`")]
    MissingExpiry,
    /// The token would be longer than [`MAX_TOKEN_LEN`](crate::MAX_TOKEN_LEN), so a
    /// [`Verifier`](crate::Verifier) would reject it.
    #[error("the token would be longer than {} bytes", crate::MAX_TOKEN_LEN)]
    TooLong,
    /// The operating system's random number generator failed; ECDSA and RSASSA-PSS require it.
    #[error("the operating system's random number generator failed")]
    NoRandomness,
}

/// Why claims could not be serialized for signing.
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
///     "the claims cannot be signed: `exp` is a registered claim; set it in `registered`"
/// );
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ClaimsError(pub(crate) serde_json::Error);

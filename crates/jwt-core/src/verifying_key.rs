use std::fmt;
use std::ops::BitAnd;

use ring::hmac;
use subtle::{Choice, ConstantTimeEq};

use crate::algorithm::{Algorithm, HmacAlgorithm};
use crate::error::{Error, KeyError, Malformed};
use crate::jwk::{self, Jwk, Purpose};
use crate::jws::Compact;
use crate::key_id::KeyId;
use crate::private_key;
use crate::public_key::PublicKey;
use crate::{base64url, pem, random};

/// The length of the longest signature, that of an 8192-bit RSA key, in bytes.
const MAX_SIGNATURE_LEN: usize = 1024;

/// A key that verifies with one algorithm. `Debug` does not show the key.
///
/// ```
/// use jwt_core::{Algorithm, VerifyingKey};
///
/// let key = VerifyingKey::from_jwk(
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// )?;
/// assert_eq!(key.algorithm(), Algorithm::EdDSA);
/// assert_eq!(key.id(), None);
/// # Ok::<(), jwt_core::KeyError>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    id: Option<KeyId>,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Hmac(hmac::Key),
    Public(PublicKey),
}

impl VerifyingKey {
    /// Creates an HMAC key from its secret. Anyone who has the secret can also sign.
    ///
    /// ```
    /// use jwt_core::{HmacAlgorithm, VerifyingKey};
    ///
    /// let key = VerifyingKey::from_secret(HmacAlgorithm::HS256, &[7; 32], None)?;
    /// assert_eq!(key.id(), None);
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretTooShort`] for a secret shorter than the algorithm's hash
    /// (RFC 7518 §3.2); [`KeyError::Malformed`] for a PEM block, which is not a secret.
    pub fn from_secret(
        algorithm: HmacAlgorithm,
        secret: &[u8],
        id: Option<KeyId>,
    ) -> Result<Self, KeyError> {
        let key = private_key::hmac_key(algorithm, secret)?;
        Ok(Self::hmac(key, algorithm.into(), id))
    }

    /// Reads a public key from a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Its id is its thumbprint
    /// (RFC 7638).
    ///
    /// ```
    /// use jwt_core::{Algorithm, VerifyingKey};
    ///
    /// assert!(VerifyingKey::from_spki_der(&[0x30, 0x00], Algorithm::ES256).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// A [`KeyError`] if the key is invalid, not supported, or not for `algorithm`.
    pub fn from_spki_der(der: &[u8], algorithm: Algorithm) -> Result<Self, KeyError> {
        let public = PublicKey::from_spki(der, &random::system())?;
        if !public.is_for(algorithm) {
            return Err(KeyError::WrongAlgorithm(algorithm));
        }
        let id = KeyId::new(public.thumbprint())?;
        Ok(Self::public(public, algorithm, Some(id)))
    }

    /// Like [`VerifyingKey::from_spki_der`], for PEM (RFC 7468): `-----BEGIN PUBLIC KEY-----`.
    ///
    /// ```
    /// use jwt_core::{Algorithm, VerifyingKey};
    ///
    /// let key = VerifyingKey::from_spki_pem(
    ///     "-----BEGIN PUBLIC KEY-----\n\
    ///      MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    ///      -----END PUBLIC KEY-----\n",
    ///     Algorithm::EdDSA,
    /// )?;
    /// assert_eq!(key.thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`VerifyingKey::from_spki_der`].
    pub fn from_spki_pem(pem: &str, algorithm: Algorithm) -> Result<Self, KeyError> {
        Self::from_spki_der(&pem::decode(pem, "PUBLIC KEY")?, algorithm)
    }

    /// Reads a public key from a JWK (RFC 7517). Its algorithm is its `alg` or the one that its
    /// curve implies. Its id is its `kid`, if present.
    ///
    /// ```
    /// use jwt_core::{KeyError, VerifyingKey};
    ///
    /// let off_the_curve = r#"{"kty":"EC","crv":"P-256",
    ///     "x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ///     "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    /// assert_eq!(VerifyingKey::from_jwk(off_the_curve).unwrap_err(), KeyError::InvalidPoint);
    /// ```
    ///
    /// # Errors
    ///
    /// A [`KeyError`] if the key is invalid or not supported; [`KeyError::Private`] for a private
    /// key or a secret, which must not appear where public keys are read.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        Self::from_public(Jwk::parse(json, Purpose::Verify, &random::system())?)
    }

    pub(crate) fn from_public(jwk: Jwk) -> Result<Self, KeyError> {
        match (jwk.private, jwk.public) {
            (None, Some(public)) => Ok(Self::public(public, jwk.algorithm, jwk.id)),
            _ => Err(KeyError::Private),
        }
    }

    /// Reads an HMAC secret from a JWK (RFC 7518 §6.4), which must have an `alg`. Anyone who has
    /// the secret can also sign.
    ///
    /// ```
    /// use jwt_core::{Algorithm, KeyError, VerifyingKey};
    ///
    /// let secret = r#"{"kty":"oct","alg":"HS256",
    ///     "k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;
    /// let key = VerifyingKey::from_secret_jwk(secret)?;
    /// assert_eq!(key.algorithm(), Algorithm::HS256);
    /// assert_eq!(VerifyingKey::from_jwk(secret).unwrap_err(), KeyError::Private);
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`KeyError`] if the key is invalid, not supported, or not an HMAC secret.
    pub fn from_secret_jwk(json: &str) -> Result<Self, KeyError> {
        let jwk = Jwk::parse(json, Purpose::Verify, &random::system())?;
        let secret = jwk.private.ok_or(KeyError::Public)?;
        let key = secret.hmac_key(jwk.algorithm)?;
        Ok(Self::hmac(key, jwk.algorithm, jwk.id))
    }

    pub(crate) fn hmac(key: hmac::Key, algorithm: Algorithm, id: Option<KeyId>) -> Self {
        Self {
            algorithm,
            id,
            key: Key::Hmac(key),
        }
    }

    pub(crate) fn public(key: PublicKey, algorithm: Algorithm, id: Option<KeyId>) -> Self {
        Self {
            algorithm,
            id,
            key: Key::Public(key),
        }
    }

    /// The same key with another id, or with none.
    ///
    /// ```
    /// use jwt_core::{Algorithm, SigningKey};
    ///
    /// let key = SigningKey::generate(Algorithm::EdDSA)?.verifying_key().with_id(None);
    /// assert_eq!(key.id(), None);
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    #[must_use]
    pub fn with_id(self, id: Option<KeyId>) -> Self {
        Self { id, ..self }
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key id: the `kid` of the tokens that the key verifies. A key without an id verifies
    /// tokens without a `kid`.
    pub fn id(&self) -> Option<&KeyId> {
        self.id.as_ref()
    }

    /// The JWK thumbprint (RFC 7638) with SHA-256. An HMAC key has none, because it would help an
    /// attacker guess the secret.
    ///
    /// ```
    /// use jwt_core::VerifyingKey;
    ///
    /// // RFC 8037, appendix A.3.
    /// let key = VerifyingKey::from_jwk(
    ///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    /// )?;
    /// assert_eq!(
    ///     key.thumbprint().as_deref(),
    ///     Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    /// );
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    pub fn thumbprint(&self) -> Option<String> {
        match &self.key {
            Key::Hmac(_) => None,
            Key::Public(public) => Some(public.thumbprint()),
        }
    }

    /// The length of the modulus in bits, from 2048 to 8192; `None` unless it is an RSA key.
    pub fn rsa_bits(&self) -> Option<usize> {
        match &self.key {
            Key::Hmac(_) => None,
            Key::Public(public) => public.rsa_bits(),
        }
    }

    /// The public key as a JWK (RFC 7517); `None` for an HMAC key.
    ///
    /// ```
    /// use jwt_core::{Algorithm, SigningKey, VerifyingKey};
    ///
    /// let key = SigningKey::generate(Algorithm::ES256)?.verifying_key();
    /// let jwk = key.public_jwk().unwrap();
    /// assert_eq!(VerifyingKey::from_jwk(&jwk)?.id(), key.id());
    ///
    /// let secret = SigningKey::generate(Algorithm::HS256)?.verifying_key();
    /// assert_eq!(secret.public_jwk(), None);
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    pub fn public_jwk(&self) -> Option<String> {
        self.public_jwk_value().map(|jwk| jwk.to_string())
    }

    pub(crate) fn public_jwk_value(&self) -> Option<serde_json::Value> {
        match &self.key {
            Key::Hmac(_) => None,
            Key::Public(public) => Some(jwk::public_value(public, self.algorithm, self.id())),
        }
    }

    /// Whether a token's header could select both keys: they have the same id, or neither has one
    /// and both are for the same algorithm.
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        self.id == other.id && (self.id.is_some() || self.algorithm == other.algorithm)
    }

    /// Prepares to verify tokens with this encoded header: an HMAC that has already hashed it and
    /// the dot after it. `None` for other algorithms.
    pub(crate) fn prepare(&self, header: &str) -> Option<hmac::Context> {
        match &self.key {
            Key::Hmac(key) => {
                let mut prepared = hmac::Context::with_key(key);
                prepared.update(format!("{header}.").as_bytes());
                Some(prepared)
            }
            Key::Public(_) => None,
        }
    }

    /// Like [`VerifyingKey::verify`], for a token whose header was prepared.
    pub(crate) fn verify_prepared(
        &self,
        prepared: Option<&hmac::Context>,
        token: Compact<'_>,
    ) -> Result<(), Error> {
        let Some(prepared) = prepared else {
            return self.verify(token);
        };
        let mut hmac = prepared.clone();
        hmac.update(token.payload.as_bytes());
        let expected = hmac.sign();
        with_signature::<72>(token.signature, |tag| is_equal(expected.as_ref(), tag))
    }

    /// Verifies the signature of a token whose header names this key.
    pub(crate) fn verify(&self, token: Compact<'_>) -> Result<(), Error> {
        let message = token.signing_input.as_bytes();
        match &self.key {
            Key::Hmac(key) => with_signature::<72>(token.signature, |tag| {
                hmac::verify(key, message, tag).is_ok()
            }),
            Key::Public(key) => {
                with_signature::<{ MAX_SIGNATURE_LEN }>(token.signature, |signature| {
                    key.verify(self.algorithm, message, signature).is_ok()
                })
            }
        }
    }
}

/// Compares in constant time, except for the lengths, which are not secret. Compares words of eight
/// bytes, because the cost of `subtle` is per value.
fn is_equal(expected: &[u8], tag: &[u8]) -> bool {
    let (expected_words, []) = expected.as_chunks() else {
        return false;
    };
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let (words, rest) = tag.as_chunks();
    let equal = expected_words
        .iter()
        .zip(words)
        .map(|(a, b)| word(a).ct_eq(&word(b)))
        .fold(Choice::from(1), BitAnd::bitand);
    words.len() == expected_words.len() && rest.is_empty() && equal.into()
}

/// Decodes a signature of at most `N` bytes without an allocation. A longer one is invalid.
fn with_signature<const N: usize>(
    encoded: &str,
    is_good: impl FnOnce(&[u8]) -> bool,
) -> Result<(), Error> {
    let mut buffer = [0; N];
    match base64url::decode_into(encoded, &mut buffer) {
        Ok(signature) if is_good(signature) => Ok(()),
        Ok(_) => Err(Error::BadSignature),
        Err(Malformed::TooLong) => Err(Error::BadSignature),
        Err(malformed) => Err(malformed.into()),
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm())
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

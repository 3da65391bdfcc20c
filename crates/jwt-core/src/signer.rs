use std::fmt;

use serde::Serialize;

use crate::claims::Claims;
use crate::error::{ClaimsError, SignError};
use crate::header;
use crate::signing_key::{Prepared, SigningKey};
use crate::token_type::TokenType;

/// Signs tokens of one type with one key.
///
/// ```
/// use jwt_core::{Algorithm, Claims, NumericDate, RegisteredClaims, Signer, SigningKey, TokenType};
/// use std::collections::BTreeMap;
///
/// let key = SigningKey::generate(Algorithm::ES256)?;
/// let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
/// let token = signer.sign(&Claims {
///     registered: RegisteredClaims {
///         iss: Some("https://id.example".into()),
///         exp: NumericDate::from_secs(1_800_000_300),
///         ..RegisteredClaims::default()
///     },
///     own: BTreeMap::from([("role", "editor")]),
/// })?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    prepared: Prepared,
    expiry_may_be_missing: bool,
}

impl Signer {
    /// Creates a signer for tokens of type `typ`.
    pub fn new(typ: TokenType, key: SigningKey) -> Self {
        let header = header::encode(key.algorithm(), Some(&typ), key.id());
        Self {
            prepared: key.prepare(&header),
            key,
            expiry_may_be_missing: false,
        }
    }

    /// Also signs claims without `exp`. Such a token is valid for as long as its key is.
    ///
    /// ```
    /// use jwt_core::{Algorithm, Claims, SignError, Signer, SigningKey, TokenType};
    ///
    /// let key = SigningKey::generate(Algorithm::HS256)?;
    /// let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
    /// let without_exp: Claims = Claims::default();
    /// assert!(matches!(signer.sign(&without_exp), Err(SignError::MissingExpiry)));
    /// assert!(signer.dangerous_without_expiry().sign(&without_exp).is_ok());
    /// # Ok::<(), jwt_core::KeyError>(())
    /// ```
    #[must_use]
    pub fn dangerous_without_expiry(self) -> Self {
        Self {
            expiry_may_be_missing: true,
            ..self
        }
    }

    /// The signing key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs a token with these claims, in compact serialization (RFC 7515 §7.1).
    ///
    /// # Errors
    ///
    /// [`SignError::Claims`] if `claims.own` is not a struct or a map with string keys, has
    /// duplicate members, or has a member named like a registered claim; set registered claims in
    /// `claims.registered`. [`SignError::MissingExpiry`], [`SignError::TooLong`] or
    /// [`SignError::NoRandomness`].
    pub fn sign<Own: Serialize>(&self, claims: &Claims<Own>) -> Result<String, SignError> {
        if claims.registered.exp.is_none() && !self.expiry_may_be_missing {
            return Err(SignError::MissingExpiry);
        }
        let mut payload = Vec::with_capacity(512);
        serde_json::to_writer(&mut payload, claims).map_err(ClaimsError)?;
        self.key.sign_prepared(&self.prepared, &payload)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

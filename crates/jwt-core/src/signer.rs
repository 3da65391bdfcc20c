use serde::Serialize;

use crate::claims::Claims;
use crate::error::{ClaimsError, SignError};
use crate::header;
use crate::signing_key::SigningKey;
use crate::token_type::TokenType;

/// Signs tokens of one kind with one key.
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
#[derive(Clone, Debug)]
pub struct Signer {
    key: SigningKey,
    /// The same for each token, and encoded once.
    header: String,
}

impl Signer {
    /// Signs tokens of kind `typ`.
    pub fn new(typ: TokenType, key: SigningKey) -> Self {
        Self {
            header: header::encode(key.algorithm(), Some(&typ), key.id()),
            key,
        }
    }

    /// The key that it signs with.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// A token with these claims, in compact serialization.
    ///
    /// # Errors
    ///
    /// [`SignError::Claims`] when `claims.own` is not a struct or map with string keys, or has a
    /// member named as a registered claim: those are set through `claims.registered` alone.
    /// [`SignError::NoRandomness`].
    pub fn sign<Own: Serialize>(&self, claims: &Claims<Own>) -> Result<String, SignError> {
        let payload = serde_json::to_vec(claims).map_err(ClaimsError)?;
        self.key.sign_encoded(&self.header, &payload)
    }
}

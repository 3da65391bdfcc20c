//! Claims (RFC 7519 §4): registered claims and custom claims. They are separate types, so that a
//! custom claim can never override a registered one.

mod de;
mod ser;

use serde::{Deserialize, Serialize};

use crate::numeric_date::NumericDate;

pub(crate) use de::read;

/// The names of the registered claims (RFC 7519 §4.1). Only [`RegisteredClaims`] can set them.
///
/// ```
/// assert!(jwt_core::REGISTERED_NAMES.contains(&"exp"));
/// ```
pub const REGISTERED_NAMES: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Whether `name` is one of [`REGISTERED_NAMES`]. Matching constants is faster than searching.
fn is_registered(name: &str) -> bool {
    matches!(name, "iss" | "sub" | "aud" | "exp" | "nbf" | "iat" | "jti")
}

/// All claims of a token. They are serialized as one flat JSON object.
///
/// ```
/// use jwt_core::{Algorithm, Claims, NumericDate, RegisteredClaims, SignError};
/// use jwt_core::{Signer, SigningKey, TokenType};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Own {
///     role: &'static str,
/// }
///
/// let claims = Claims {
///     registered: RegisteredClaims {
///         sub: Some("17".into()),
///         ..RegisteredClaims::default()
///     },
///     own: Own { role: "editor" },
/// };
/// assert_eq!(serde_json::to_string(&claims)?, r#"{"sub":"17","role":"editor"}"#);
///
/// // A custom claim cannot override a registered one.
/// let forged = Claims {
///     registered: RegisteredClaims {
///         exp: NumericDate::from_secs(1_800_000_300),
///         ..RegisteredClaims::default()
///     },
///     own: std::collections::BTreeMap::from([("sub", "1")]),
/// };
/// let signer = Signer::new(TokenType::ACCESS_TOKEN, SigningKey::generate(Algorithm::HS256)?);
/// assert!(matches!(signer.sign(&forged), Err(SignError::Claims(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims<Own = NoClaims> {
    /// The claims of RFC 7519 §4.1.
    pub registered: RegisteredClaims,
    /// Custom claims.
    pub own: Own,
}

/// The claims of RFC 7519 §4.1.
///
/// ```
/// use jwt_core::{NumericDate, RegisteredClaims};
///
/// let claims = RegisteredClaims {
///     iss: Some("https://id.example".into()),
///     exp: NumericDate::from_secs(1_800_000_300),
///     ..RegisteredClaims::default()
/// };
/// assert_eq!(claims.nbf, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredClaims {
    /// Issuer (§4.1.1).
    pub iss: Option<String>,
    /// Subject (§4.1.2).
    pub sub: Option<String>,
    /// Audience (§4.1.3).
    pub aud: Option<Audience>,
    /// Expiration time (§4.1.4): the token is rejected from this second on.
    pub exp: Option<NumericDate>,
    /// Not before (§4.1.5): the token is rejected before this second.
    pub nbf: Option<NumericDate>,
    /// Issued at (§4.1.6).
    pub iat: Option<NumericDate>,
    /// JWT ID (§4.1.7).
    pub jti: Option<String>,
}

/// The recipients a token is intended for: one name or several (RFC 7519 §4.1.3).
///
/// ```
/// use jwt_core::Audience;
///
/// assert!(Audience::from("api").contains("api"));
/// let several = Audience::Many(vec!["api".into(), "shop".into()]);
/// assert!(several.contains("shop") && !several.contains("sho"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// A single name, serialized as a string.
    One(String),
    /// Any number of names, serialized as an array.
    Many(Vec<String>),
}

impl Audience {
    /// Whether the audience includes `name`.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Audience::One(one) => one == name,
            Audience::Many(many) => many.iter().any(|one| one == name),
        }
    }
}

impl From<&str> for Audience {
    fn from(name: &str) -> Self {
        Audience::One(name.to_owned())
    }
}

/// No custom claims. When verifying, any that the token contains are ignored.
///
/// ```
/// use jwt_core::{Claims, NoClaims, RegisteredClaims};
///
/// let claims = Claims {
///     registered: RegisteredClaims::default(),
///     own: NoClaims {},
/// };
/// assert_eq!(serde_json::to_string(&claims)?, "{}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoClaims {}

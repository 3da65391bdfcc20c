//! Claims (RFC 7519 §4): the registered ones, and the application's own beside them. The two are
//! separate types, so that the latter can never stand in for the former.

mod de;
mod ser;

use serde::{Deserialize, Serialize};

use crate::numeric_date::NumericDate;

pub(crate) use de::read;

/// The claims that only [`RegisteredClaims`] sets (RFC 7519 §4.1).
///
/// ```
/// assert!(jwt_core::REGISTERED_NAMES.contains(&"exp"));
/// ```
pub const REGISTERED_NAMES: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Whether it is one of [`REGISTERED_NAMES`]. Compared as constants, which is faster than a search.
fn is_registered(name: &str) -> bool {
    matches!(name, "iss" | "sub" | "aud" | "exp" | "nbf" | "iat" | "jti")
}

/// All claims of a token, in JSON one flat object.
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
/// // The application's own cannot stand in for a registered one.
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
    /// The application's own.
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
    /// Issuer.
    pub iss: Option<String>,
    /// Subject.
    pub sub: Option<String>,
    /// Audience.
    pub aud: Option<Audience>,
    /// Expiration time: from then on the token is refused.
    pub exp: Option<NumericDate>,
    /// Not before.
    pub nbf: Option<NumericDate>,
    /// Issued at.
    pub iat: Option<NumericDate>,
    /// JWT id.
    pub jti: Option<String>,
}

/// For whom a token is: one name or several (RFC 7519 §4.1.3).
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
    /// A single name, written as a string.
    One(String),
    /// Several, written as an array.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `name` is among them.
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

/// No claims of the application's own; those of others are ignored.
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

//! Claims (RFC 7519 §4): the registered ones, and the application's own beside them. The two are
//! separate types, so that the latter can never stand in for the former.

mod de;
mod ser;

use serde::{Deserialize, Serialize};

use crate::numeric_date::NumericDate;

pub(crate) use de::read;

/// The claims that only [`RegisteredClaims`] sets (RFC 7519 §4.1).
pub const REGISTERED_NAMES: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// All claims of a token, in JSON one flat object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims<Own = NoClaims> {
    /// The claims of RFC 7519 §4.1.
    pub registered: RegisteredClaims,
    /// The application's own.
    pub own: Own,
}

/// The claims of RFC 7519 §4.1.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoClaims {}

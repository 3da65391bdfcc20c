//! Access and refresh tokens: two types, two keys, two kinds of JWT.

mod access;
mod older;
mod prepared;
mod refresh;

pub(crate) use access::own_claims_of;
pub use access::{AccessClaims, AccessToken, AccessTokens};
pub use older::{OlderClaims, OlderKey, OlderTokens};
pub use refresh::{RefreshClaims, RefreshToken, RefreshTokens};

/// Seconds by which the clocks of two replicas may differ.
pub(crate) const LEEWAY: u8 = 2;

/// Claims of access tokens that are not the user's own, beside those of RFC 7519.
pub(crate) const SESSION_CLAIMS: [&str; 3] = ["sid", "auth_time", "amr"];

/// Whether a claim's name is one that the user's own claims must not have.
pub(crate) fn is_reserved_claim(name: &str) -> bool {
    jwt_core::REGISTERED_NAMES.contains(&name) || SESSION_CLAIMS.contains(&name)
}

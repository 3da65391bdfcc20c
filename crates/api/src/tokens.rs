//! Access and refresh tokens: two types, two keys, two kinds of JWT; and tokens by which
//! a device is known.

mod access;
mod device;
mod older;
mod prepared;
mod refresh;

pub(crate) use access::own_claims_of;
use std::sync::Arc;
use std::time::Duration;

use crate::keys::Rings;

pub use access::{AccessClaims, AccessToken, AccessTokens};
pub(crate) use device::KNOWN_FOR;
pub use device::{DeviceToken, DeviceTokens, KnownDevice};
pub use older::{OlderClaims, OlderKey, OlderTokens};
pub use refresh::{RefreshClaims, RefreshToken, RefreshTokens};

/// All kinds of tokens that are made here.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Access tokens.
    pub access: Arc<AccessTokens>,
    /// Refresh tokens.
    pub refresh: Arc<RefreshTokens>,
    /// Device tokens.
    pub device: Arc<DeviceTokens>,
}

impl Tokens {
    /// Those of these key rings; access tokens are good for `ttl`.
    pub fn new(rings: Rings, issuer: &str, audience: &str, ttl: Duration) -> Self {
        let access = AccessTokens::new(rings.access, issuer, audience, ttl);
        access.use_older(rings.older);
        Self {
            access: Arc::new(access),
            device: Arc::new(DeviceTokens::new(rings.refresh.clone(), issuer)),
            refresh: Arc::new(RefreshTokens::new(rings.refresh, issuer)),
        }
    }

    /// From now on those of these rings.
    pub fn use_rings(&self, rings: Rings) {
        self.access.use_ring(rings.access);
        self.access.use_older(rings.older);
        self.device.use_ring(rings.refresh.clone());
        self.refresh.use_ring(rings.refresh);
    }
}

/// Seconds by which the clocks of two replicas may differ.
pub(crate) const LEEWAY: u8 = 2;

/// Claims of access tokens that are not the user's own, beside those of RFC 7519.
pub(crate) const SESSION_CLAIMS: [&str; 3] = ["sid", "auth_time", "amr"];

/// Whether a claim's name is one that the user's own claims must not have.
pub(crate) fn is_reserved_claim(name: &str) -> bool {
    jwt_core::REGISTERED_NAMES.contains(&name) || SESSION_CLAIMS.contains(&name)
}

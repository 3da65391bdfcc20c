//! Tokens: access, refresh and device tokens, each a type of its own with its own kind of JWT, and the
//! tokens that `/api/verify` forwards.

mod access;
mod device;
mod forwarded;
mod locked_out;
mod prepared;
mod refresh;
mod revocation_list;
mod seen;
mod site;
mod typ;

use std::sync::Arc;

use crate::keys::Rings;

pub(crate) use access::custom_claims;
pub use access::{
    AccessClaims, AccessRules, AccessToken, AccessTokens, Audiences, custom_claims_of,
    is_reserved_claim,
};
pub use device::{DeviceToken, DeviceTokens, KNOWN_FOR, KnownDevice};
pub use locked_out::{follow_locked_out, load_locked_out};
pub use refresh::{RefreshClaims, RefreshToken, RefreshTokens};
pub use site::{SITE_TTL, SiteCodeClaims, SiteSession, SiteToken, SiteTokens};

/// Issues and verifies all kinds of tokens. Clones share the keys.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Access tokens.
    pub access: Arc<AccessTokens>,
    /// Refresh tokens.
    pub refresh: Arc<RefreshTokens>,
    /// Device tokens.
    pub device: Arc<DeviceTokens>,
    /// Tokens for sites on other hosts.
    pub site: Arc<SiteTokens>,
}

impl Tokens {
    /// Tokens of these key rings.
    pub fn new(rings: Rings, rules: AccessRules) -> Self {
        let issuer = rules.issuer.clone();
        let access = AccessTokens::new(rings.access, rules);
        access.use_legacy_keys(rings.legacy);
        Self {
            access: Arc::new(access),
            device: Arc::new(DeviceTokens::new(rings.refresh.clone(), &issuer)),
            site: Arc::new(SiteTokens::new(rings.refresh.clone(), &issuer)),
            refresh: Arc::new(RefreshTokens::new(rings.refresh, &issuer)),
        }
    }

    /// Replaces the key rings.
    pub fn use_rings(&self, rings: Rings) {
        self.access.use_ring(rings.access);
        self.access.use_legacy_keys(rings.legacy);
        self.device.use_ring(rings.refresh.clone());
        self.site.use_ring(rings.refresh.clone());
        self.refresh.use_ring(rings.refresh);
    }
}

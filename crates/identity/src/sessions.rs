//! Sessions: opening, renewing, listing and revoking them, and the tokens that belong to each.

mod admin;
mod batched;
mod by_cookie;
mod claim_changes;
mod denylist;
mod device_label;
mod introspect;
mod issue;
mod list;
mod open;
mod presented;
mod renew;
mod revocation_list;
mod revocations;
mod revoke;
mod sites;
mod window;

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use batched::{Lookups, Renewals};
use store::sessions::RenewalRules;

use crate::ports::Ports;
use crate::tokens::{AccessToken, RefreshToken, Tokens};

pub(crate) use device_label::device_label;

pub use admin::{SessionAdmin, Which};
pub use by_cookie::BrowserSession;
pub use claim_changes::ClaimChanges;
pub use denylist::Denylist;
pub use introspect::Introspected;
pub use issue::Issue;
pub use list::SessionPage;
pub use renew::{Refusal, Renewed};
pub use revocation_list::{MOST_LISTED, RevocationList, RevocationListPublisher};
pub use revocations::Revocations;
pub use revoke::SignedOut;
pub use sites::site_state;

/// The settings of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// The maximum lifetime, however often a session is renewed.
    pub ttl: Duration,
    /// The settings of renewals.
    pub renewal: RenewalRules,
    /// How many live sessions a user may have; `None` is unlimited.
    pub per_user: Option<NonZeroU32>,
}

/// An access token, and a refresh token if it is new to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPair {
    /// The access token.
    pub access: AccessToken,
    /// The refresh token, and the seconds for which it is useful.
    pub refresh: Option<(RefreshToken, u64)>,
}

/// Opens, renews, lists and revokes sessions.
pub struct Sessions {
    ports: Ports,
    admin: SessionAdmin,
    lookups: Lookups,
    renewals: Renewals,
    tokens: Tokens,
    revocations: Revocations,
    rules: SessionRules,
}

impl Sessions {
    /// The sessions in the database.
    pub fn new(
        ports: Ports,
        tokens: Tokens,
        revocations: Revocations,
        rules: SessionRules,
    ) -> Self {
        Self {
            admin: SessionAdmin::new(ports.clone(), revocations.clone()),
            lookups: Lookups::new(ports.store.clone()),
            renewals: Renewals::new(&ports, rules.renewal),
            ports,
            tokens,
            revocations,
            rules,
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

//! Whether the service can do its work.

use std::sync::Arc;

use store::keys::{self, KeyUse};
use store::migrations;

use crate::async_store::AsyncStore;
use crate::audit::Audit;

/// Whether requests can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// They can.
    Yes,
    /// They cannot, and this is why.
    No(&'static str),
}

/// Looks at what the service needs.
pub struct Readiness {
    store: AsyncStore,
    audit: Arc<Audit>,
}

impl Readiness {
    /// Of a service on `store`.
    pub fn new(store: AsyncStore, audit: Arc<Audit>) -> Self {
        Self { store, audit }
    }

    /// How many events of the audit trail were not written since the start.
    pub fn audit_events_lost(&self) -> u64 {
        self.audit.lost()
    }

    /// Looks now.
    pub async fn check(&self) -> Ready {
        let found = self.store.read(|c| {
            if !migrations::are_complete(c)? {
                return Ok(Ready::No("The database is not migrated."));
            }
            for key_use in KeyUse::ALL {
                if keys::newest(c, key_use)?.is_none() {
                    return Ok(Ready::No("The database has no signing keys."));
                }
            }
            Ok(Ready::Yes)
        });
        found.await.unwrap_or_else(|failure| {
            log::error!("not ready: {failure}");
            Ready::No("The database does not answer.")
        })
    }
}

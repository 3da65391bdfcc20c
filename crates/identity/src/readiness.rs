//! Whether the service is ready.

use store::keys::{self, KeyUse};
use store::migrations;

use crate::ports::Ports;

/// Whether requests can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// They can.
    Yes,
    /// They cannot, for this reason.
    No(&'static str),
}

/// Checks what the service depends on.
pub struct Readiness {
    ports: Ports,
}

impl Readiness {
    /// A check of these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// How many events of the audit trail were lost since the start.
    pub fn audit_events_lost(&self) -> u64 {
        self.ports.audit.lost()
    }

    /// Checks now.
    pub async fn check(&self) -> Ready {
        let found = self.ports.store.read(|c| {
            if !migrations::are_complete(c)? {
                return Ok(Ready::No("The database is not migrated."));
            }
            for key_use in KeyUse::ALL.iter().copied() {
                if keys::newest(c, key_use)?.is_none() {
                    return Ok(Ready::No("The database has no signing keys."));
                }
            }
            Ok(Ready::Yes)
        });
        found.await.unwrap_or_else(|failure| {
            log::error!("not ready: {failure}");
            Ready::No("The database is not responding.")
        })
    }
}

//! Whether the service is ready.

use std::time::Duration;

use store::keys::{self, KeyUse};
use store::migrations;
use tokio::sync::Mutex;

use crate::ports::Ports;

/// How long an answer is given again. Anybody may ask, so asking more often costs no more.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// Whether requests can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// They can.
    Yes,
    /// They cannot, for this reason.
    No(&'static str),
}

/// Checks what the service depends on.
pub struct Readiness {
    ports: Ports,
    /// The last answer, and when it was given by the monotonic clock. Locked during a check, so that
    /// callers share it.
    last: Mutex<Option<(Duration, Ready)>>,
}

impl Readiness {
    /// A check of these ports.
    pub fn new(ports: Ports) -> Self {
        Self {
            ports,
            last: Mutex::default(),
        }
    }

    /// How many events of the audit trail were lost since the start.
    pub fn audit_events_lost(&self) -> u64 {
        self.ports.audit.lost()
    }

    /// The state of at most a second ago. However many ask, there is one check at a time.
    pub async fn check(&self) -> Ready {
        let mut last = self.last.lock().await;
        let now = self.ports.clock.monotonic();
        if let Some((at, ready)) = *last
            && now.saturating_sub(at) < FRESH_FOR
        {
            return ready;
        }
        let ready = self.check_now().await;
        *last = Some((self.ports.clock.monotonic(), ready));
        ready
    }

    async fn check_now(&self) -> Ready {
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

//! How many mails of a kind one address gets, whoever asks for them.

use std::sync::Arc;
use std::time::Duration;

use store::attempts::{self, Allowance, Attempt};
use store::outbox::MailKind;
use store::{AnyConnection, StoreError, UnixMillis};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::target::target;

/// Three mails of a kind at once, then one every twenty minutes.
const ALLOWANCE: Allowance = Allowance {
    attempts: 3,
    within: Duration::from_secs(3600),
};

/// The outcome of asking for a mail about an address, whether it is anybody's or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// If the address is somebody's, they get a mail.
    Sent,
    /// Mails to the address were asked for too often.
    RateLimited {
        /// How long to wait.
        wait: Duration,
    },
}

/// Counts mails by address and kind, whether the address is known or not.
#[derive(Clone)]
pub struct MailLimit {
    store: AsyncStore,
    clock: Arc<dyn Clock>,
}

impl MailLimit {
    /// Counts in this database.
    pub fn new(store: AsyncStore, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Counts a mail, if it is allowed.
    pub(crate) async fn count(&self, kind: MailKind, email: &str) -> Result<Attempt, Failure> {
        let (clock, email) = (self.clock.clone(), email.to_owned());
        let count = move |c: &mut _| count(c, kind, &email, clock.now());
        self.store.write(count).await
    }
}

/// Counts a mail, if it is allowed.
pub(super) fn count(
    connection: &mut AnyConnection,
    kind: MailKind,
    email: &str,
    now: UnixMillis,
) -> Result<Attempt, StoreError> {
    let target = target(&["mail", kind.as_str(), &email.to_lowercase()]);
    attempts::count(connection, target, ALLOWANCE, now)
}

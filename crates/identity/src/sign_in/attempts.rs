//! The limit on attempts by account, shared by all replicas in the database.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::attempts::{self, Allowance, Attempt, Target};
use store::users::UserId;

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::refusal_log::RefusalLog;
use crate::target::target;

/// Maximum number of accounts that are remembered as exhausted; for others, the database is asked.
const MOST: usize = 10_000;

/// Counts attempts to guess the password of an account.
pub struct AccountAttempts {
    store: AsyncStore,
    limit: Option<(Allowance, RefusalLog)>,
    exhausted: Mutex<HashMap<[u8; 32], Exhausted>>,
    clock: Arc<dyn Clock>,
}

/// What the database has refused.
struct Exhausted {
    /// Until when it would refuse again, by the monotonic clock.
    until: Duration,
    /// The user of the account, if there is one.
    user_id: Option<UserId>,
}

/// A refusal that is known without asking the database.
pub(super) struct KnownRefusal {
    pub(super) wait: Duration,
    /// The user of the account, if there is one.
    pub(super) user_id: Option<UserId>,
}

impl AccountAttempts {
    /// Counts attempts in `store`; without an allowance, all are allowed.
    pub fn new(store: AsyncStore, allowance: Option<Allowance>, clock: Arc<dyn Clock>) -> Self {
        let log = |allowance| RefusalLog::new("account", allowance, clock.clone());
        Self {
            store,
            limit: allowance.map(|allowance| (allowance, log(allowance))),
            exhausted: Mutex::default(),
            clock,
        }
    }

    /// Whether there is a limit.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// How many attempts were refused since the start.
    pub fn refused(&self) -> u64 {
        self.limit.as_ref().map_or(0, |(_, log)| log.count())
    }

    /// Whether attempts are refused, if that is known without asking the database. Only the first
    /// refusal in a row is worth an event: guesses at an account must not fill its trail.
    pub(super) fn known_refusal(&self, target: Target) -> Option<KnownRefusal> {
        let now = self.clock.monotonic();
        let exhausted = self.exhausted();
        let Exhausted { until, user_id } = exhausted.get(&target.0)?;
        let wait = until.checked_sub(now).filter(|wait| !wait.is_zero())?;
        Some(KnownRefusal {
            wait,
            user_id: user_id.clone(),
        })
    }

    /// Notes a refusal for the log and the metrics.
    pub(super) fn record_refusal(&self, address: Option<&str>) {
        let address: &dyn Display = match &address {
            Some(address) => address,
            None => &"an unknown address",
        };
        if let Some((_, log)) = &self.limit {
            log.record(address);
        }
    }

    /// Counts an attempt on the account of this user, if it is allowed.
    pub(super) async fn count(
        &self,
        target: Target,
        user_id: Option<&UserId>,
    ) -> Result<Attempt, Failure> {
        let Some((allowance, _)) = &self.limit else {
            return Ok(Attempt::Allowed);
        };
        let (allowance, clock) = (*allowance, self.clock.clone());
        let count = move |c: &mut _| attempts::count(c, target, allowance, clock.now());
        let attempt = self.store.write(count).await?;
        if let Attempt::Exhausted { wait } = attempt {
            let now = self.clock.monotonic();
            let (until, user_id) = (now + wait, user_id.cloned());
            self.remember(target, Exhausted { until, user_id }, now);
        }
        Ok(attempt)
    }

    fn remember(&self, target: Target, refusal: Exhausted, now: Duration) {
        let mut exhausted = self.exhausted();
        if exhausted.len() >= MOST {
            exhausted.retain(|_, refusal| now < refusal.until);
        }
        if exhausted.len() < MOST {
            exhausted.insert(target.0, refusal);
        }
    }

    fn exhausted(&self) -> MutexGuard<'_, HashMap<[u8; 32], Exhausted>> {
        self.exhausted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The target of attempts on the account of an email address.
pub(super) fn account(email: &str) -> Target {
    target(&["account", &email.to_lowercase()])
}

//! The limit on attempts by account, shared by all replicas in the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ring::digest::{Context, SHA256};
use store::UnixMillis;
use store::attempts::{self, Allowance, Attempt, Target};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::failure::Failure;

/// Maximum number of accounts that are remembered as exhausted; for others, the database is asked.
const MOST: usize = 10_000;

/// Counts attempts to guess the password of an account.
pub struct AccountAttempts {
    store: AsyncStore,
    allowance: Option<Allowance>,
    /// Accounts that the database has refused, and until when it would do so.
    exhausted: Mutex<HashMap<[u8; 32], UnixMillis>>,
    clock: Arc<dyn Clock>,
}

impl AccountAttempts {
    /// Counts attempts in `store`; without an allowance, all are allowed.
    pub fn new(store: AsyncStore, allowance: Option<Allowance>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            allowance,
            exhausted: Mutex::default(),
            clock,
        }
    }

    /// Whether there is a limit.
    pub(super) fn is_limited(&self) -> bool {
        self.allowance.is_some()
    }

    /// How long attempts are refused, if that is known without asking the database.
    pub(super) fn known_wait(&self, target: Target) -> Option<Duration> {
        let now = self.clock.now();
        let exhausted = self
            .exhausted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let until = *exhausted.get(&target.0)?;
        (now < until).then(|| until.since(now))
    }

    /// Counts an attempt, if it is allowed.
    pub(super) async fn count(&self, target: Target) -> Result<Attempt, Failure> {
        let Some(allowance) = self.allowance else {
            return Ok(Attempt::Allowed);
        };
        let now = self.clock.now();
        let count = move |c: &mut _| attempts::count(c, target, allowance, now);
        let attempt = self.store.write(count).await?;
        if let Attempt::Exhausted { wait } = attempt {
            self.remember(target, now + wait, now);
        }
        Ok(attempt)
    }

    fn remember(&self, target: Target, until: UnixMillis, now: UnixMillis) {
        let mut exhausted = self
            .exhausted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if exhausted.len() >= MOST {
            exhausted.retain(|_, until| now < *until);
        }
        if exhausted.len() < MOST {
            exhausted.insert(target.0, until);
        }
    }
}

/// The target of attempts on the account of an email address.
pub(super) fn account(email: &str) -> Target {
    target(&["account", &email.to_lowercase()])
}

/// Different lists of parts have different targets.
pub(super) fn target(parts: &[&str]) -> Target {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    let mut target = [0; 32];
    target.copy_from_slice(hash.finish().as_ref());
    Target(target)
}

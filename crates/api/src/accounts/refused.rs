//! What the database has said of accounts whose attempts are used up, until it would say otherwise.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::UnixMillis;
use store::attempts::Target;

/// Accounts that are remembered; while there are more, the database is asked for those beyond.
const MOST: usize = 10_000;

/// Accounts that nobody may try before a time.
#[derive(Default)]
pub(super) struct RefusedTargets(Mutex<HashMap<[u8; 32], UnixMillis>>);

impl RefusedTargets {
    /// How long to wait, if that is known.
    pub(super) fn wait(&self, target: Target, now: UnixMillis) -> Option<Duration> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *refused.get(&target.0)?;
        (now < until).then(|| until.since(now))
    }

    /// Remembers it.
    pub(super) fn note(&self, target: Target, until: UnixMillis, now: UnixMillis) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST {
            refused.retain(|_, until| now < *until);
        }
        if refused.len() < MOST {
            refused.insert(target.0, until);
        }
    }
}

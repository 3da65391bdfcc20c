//! Logging that a limit refuses: an operator must learn of it, and an attacker must not fill the log.

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::attempts::Allowance;

use crate::clock::Clock;

/// The least time between two warnings of one limit.
const EVERY: Duration = Duration::from_secs(60);

/// Counts the refusals of one limit, and logs one a minute.
pub(crate) struct RefusalLog {
    limit: &'static str,
    allowance: Allowance,
    clock: Arc<dyn Clock>,
    count: AtomicU64,
    logged: Mutex<Option<Logged>>,
}

/// The last warning.
struct Logged {
    at: Duration,
    /// How many refusals there had been.
    count: u64,
}

impl RefusalLog {
    pub(crate) fn new(limit: &'static str, allowance: Allowance, clock: Arc<dyn Clock>) -> Self {
        Self {
            limit,
            allowance,
            clock,
            count: AtomicU64::new(0),
            logged: Mutex::default(),
        }
    }

    /// How many refusals there were since the start.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Records the refusal of a call from this address.
    pub(crate) fn record(&self, address: &dyn Display) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(others) = self.others_if_due(count) {
            let Allowance { attempts, within } = self.allowance;
            log::warn!(
                "the limit {} ({attempts} in {}) refuses {address}; {others} more refusals since the \
                 last such warning",
                self.limit,
                humantime::format_duration(within)
            );
        }
    }

    /// How many refusals were not logged since the last warning, if another one is due.
    fn others_if_due(&self, count: u64) -> Option<u64> {
        let now = self.clock.monotonic();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match &*logged {
            Some(last) if now.saturating_sub(last.at) < EVERY => return None,
            Some(last) => last.count,
            None => 0,
        };
        *logged = Some(Logged { at: now, count });
        Some(count.saturating_sub(before + 1))
    }
}

#[cfg(test)]
mod tests {
    use store::UnixMillis;

    use super::*;
    use crate::clock::FixedClock;

    #[test]
    fn one_refusal_a_minute_is_logged_and_all_are_counted() {
        let clock = Arc::new(FixedClock::new(UnixMillis::from_millis(0)));
        let allowance = Allowance {
            attempts: 1,
            within: EVERY,
        };
        let log = RefusalLog::new("test", allowance, clock.clone());
        assert_eq!(log.others_if_due(1), Some(0));
        assert_eq!(log.others_if_due(2), None);
        clock.advance(EVERY - Duration::from_millis(1));
        assert_eq!(log.others_if_due(3), None);
        clock.advance(Duration::from_millis(1));
        assert_eq!(log.others_if_due(4), Some(2));
        for _ in 0..3 {
            log.record(&"192.0.2.1");
        }
        assert_eq!(log.count(), 3);
    }
}

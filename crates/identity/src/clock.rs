//! The current time: read here and nowhere else.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jwt_core::NumericDate;
use store::UnixMillis;

/// Seconds by which the clocks of two replicas may differ.
pub const LEEWAY: u8 = 2;

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// The current time. It jumps when somebody sets the clock.
    fn now(&self) -> UnixMillis;

    /// The time since some moment, for measuring how long something lasts in this process. It never
    /// goes back, whatever happens to the clock.
    fn monotonic(&self) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// When the program first asked.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> UnixMillis {
        // A clock before 1970 reads as 1970: nothing verifies then, but nothing panics.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        UnixMillis::from_millis(0) + since.unwrap_or(Duration::ZERO)
    }

    fn monotonic(&self) -> Duration {
        FIRST.elapsed()
    }
}

/// A clock that tests set.
#[derive(Debug)]
pub struct FixedClock {
    now: AtomicI64,
    passed: AtomicU64,
}

impl FixedClock {
    /// A clock that shows `now`.
    pub fn new(now: UnixMillis) -> Self {
        Self {
            now: AtomicI64::new(now.as_millis()),
            passed: AtomicU64::new(0),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.passed.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the clock, while no time passes.
    pub fn set(&self, now: UnixMillis) {
        self.now.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::from_millis(self.now.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.passed.load(Ordering::SeqCst))
    }
}

/// The time in the whole seconds of tokens (RFC 7519 §2), rounded down.
pub fn numeric_date(time: UnixMillis) -> NumericDate {
    let secs = u64::try_from(time.as_millis() / 1000).unwrap_or(0);
    NumericDate::from_secs(secs).unwrap_or(NumericDate::MAX)
}

/// The time in the format of RFC 3339, in UTC, to the second. Times after the year 9999 read as its
/// end.
pub fn rfc3339(time: UnixMillis) -> String {
    let since_epoch = Duration::from_secs(numeric_date(time).as_secs());
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since_epoch).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_can_be_written() {
        let written = |millis| rfc3339(UnixMillis::from_millis(millis));
        assert_eq!(written(1_800_000_000_999), "2027-01-15T08:00:00Z");
        assert_eq!(written(i64::MIN), "1970-01-01T00:00:00Z");
        assert_eq!(written(i64::MAX), "9999-12-31T23:59:59Z");
    }
}

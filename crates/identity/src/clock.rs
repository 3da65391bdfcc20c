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

/// Reads a time as RFC 3339 and databases write it, of 1970 or later. Without an offset it is in UTC.
pub fn parse_rfc3339(text: &str) -> Option<UnixMillis> {
    let text = text.trim();
    let (local, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(local) => (local, 0),
        None => split_offset(text)?,
    };
    let local = match local.len() {
        10 => format!("{local}T00:00:00"),
        _ => local.to_owned(),
    };
    let since_epoch = humantime::parse_rfc3339_weak(&local)
        .ok()?
        .duration_since(UNIX_EPOCH);
    let millis = i64::try_from(since_epoch.ok()?.as_millis()).ok()?;
    Some(UnixMillis::from_millis(
        millis.checked_sub(offset * 60_000)?,
    ))
    .filter(|at| at.as_millis() >= 0)
}

/// A time, and the minutes of the offset at its end, if there is one: `+05:30`, `+0530` or `+05`.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    // The date has hyphens too.
    let Some(at) = text.rfind(['+', '-']).filter(|at| *at >= 16) else {
        return Some((text, 0));
    };
    let (local, offset) = text.split_at_checked(at)?;
    let digits = offset.get(1..)?.replace(':', "");
    let is_offset =
        [2, 4].contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = is_offset.then(|| digits.split_at(2))?;
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse().unwrap_or(0);
    Some((
        local,
        if offset.starts_with('-') {
            -minutes
        } else {
            minutes
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_django_postgresql_and_people_write_them() {
        for (text, written) in [
            ("2024-01-31T12:00:00Z", Some("2024-01-31T12:00:00Z")),
            ("2024-01-31T12:00:00.123456Z", Some("2024-01-31T12:00:00Z")),
            (
                "2024-01-31T12:00:00.123+00:00",
                Some("2024-01-31T12:00:00Z"),
            ),
            ("2024-01-31 12:00:00.5+05:30", Some("2024-01-31T06:30:00Z")),
            ("2024-01-31T12:00:00-0800", Some("2024-01-31T20:00:00Z")),
            ("2024-01-31 12:00:00+01", Some("2024-01-31T11:00:00Z")),
            (" 2024-01-31 12:00:00 ", Some("2024-01-31T12:00:00Z")),
            ("2024-01-31", Some("2024-01-31T00:00:00Z")),
            ("1970-01-01T00:30:00+01:00", None),
            ("1969-12-31T23:59:59Z", None),
            ("2024-01-31T12:00:00+1", None),
            ("2024-02-30T12:00:00Z", None),
            ("31.01.2024", None),
            ("1700000000", None),
            ("", None),
            ("é-é", None),
        ] {
            let read = parse_rfc3339(text).map(rfc3339);
            assert_eq!(read.as_deref(), written, "{text}");
        }
    }

    #[test]
    fn every_time_can_be_written() {
        let written = |millis| rfc3339(UnixMillis::from_millis(millis));
        assert_eq!(written(1_800_000_000_999), "2027-01-15T08:00:00Z");
        assert_eq!(written(i64::MIN), "1970-01-01T00:00:00Z");
        assert_eq!(written(i64::MAX), "9999-12-31T23:59:59Z");
    }
}

use std::time::Duration;

use store::UnixMillis;

/// How often the database is read.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// By how much a change may become visible late: its time is read before its commit, and the clocks of
/// replicas differ.
pub(super) const OVERLAP: Duration = Duration::from_secs(30);

/// How often everything relevant is read again.
const FULL_EVERY: Duration = Duration::from_secs(60);

/// Which part of the database to read next, to follow what other replicas change.
pub(super) struct Window {
    keep: Duration,
    last: Option<UnixMillis>,
    last_full: Option<UnixMillis>,
}

impl Window {
    pub(super) fn new(keep: Duration) -> Self {
        Self {
            keep,
            last: None,
            last_full: None,
        }
    }

    /// A little more than since the last time. Everything relevant at first, every minute, and after
    /// the clock was set back: this finds changes that became visible even later, or were removed too
    /// early.
    pub(super) fn since(&self, now: UnixMillis) -> UnixMillis {
        let full_is_due = self.last_full.is_none_or(|at| now.since(at) >= FULL_EVERY);
        match self.last {
            Some(last) if last <= now && !full_is_due => last - OVERLAP,
            _ => now - self.keep,
        }
    }

    /// The database was read from [`since`](Self::since) at this time.
    pub(super) fn was_read(&mut self, now: UnixMillis) {
        if self.since(now) == now - self.keep {
            self.last_full = Some(now);
        }
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_reading_starts_before_the_previous_one() {
        let mut window = Window::new(seconds(332));
        assert_eq!(window.since(START), START - seconds(332));
        window.was_read(START);
        let next = START + seconds(1);
        assert_eq!(window.since(next), START - seconds(30));
        // A reading that failed leaves the window where it was.
        assert_eq!(window.since(START + seconds(40)), START - seconds(30));
        window.was_read(next);
        assert_eq!(window.since(next + seconds(1)), next - seconds(30));
    }

    #[test]
    fn everything_is_read_each_minute_and_after_the_clock_was_set_back() {
        let mut window = Window::new(seconds(332));
        window.was_read(START);
        window.was_read(START + seconds(59));
        let minute = START + seconds(60);
        assert_eq!(window.since(minute), minute - seconds(332));
        window.was_read(minute);
        let earlier = START - seconds(600);
        assert_eq!(window.since(earlier), earlier - seconds(332));
    }
}

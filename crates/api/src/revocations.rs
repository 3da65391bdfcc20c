//! The early death of access tokens: which sessions were ended within the last access lifetime.
//!
//! Every replica keeps them in memory, so that a bearer route refuses a token of theirs without a
//! lookup, and reads each second what others have ended. ARCHITECTURE "Early death" has the bound
//! and why it holds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_rt::time::sleep;
use store::sessions::{RevokedReason, RevokedSession, SessionId, revoked_since};
use store::{AnyConnection, Store, StoreError, UnixMillis};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::tokens::LEEWAY;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(1);

/// By how much a revocation may come late: its time is taken before its commit, and the clocks of
/// two replicas differ.
const OVERLAP: Duration = Duration::from_secs(30);

/// How often all is read that counts.
const WHOLE_EVERY: Duration = Duration::from_secs(60);

/// Sessions that are read at once.
const PAGE: u16 = 1000;

/// How long a session is kept after its end: an access token of it may have been issued by another
/// clock, shortly before.
fn keep(access_ttl: Duration) -> Duration {
    access_ttl + Duration::from_secs(LEEWAY.into()) + OVERLAP
}

/// The sessions that were ended within the last access lifetime.
#[derive(Debug)]
pub struct Revocations {
    /// How long one is kept: no access token of it is good for longer.
    keep: Duration,
    ended: RwLock<HashMap<SessionId, (UnixMillis, RevokedReason)>>,
    /// Changes with each session that comes or goes.
    version: AtomicU64,
}

impl Revocations {
    /// Those in the database, for access tokens that are good for `access_ttl`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn load(store: &Store, access_ttl: Duration, now: UnixMillis) -> Result<Self, StoreError> {
        let keep = keep(access_ttl);
        let revocations = Self {
            keep,
            ended: RwLock::default(),
            version: AtomicU64::default(),
        };
        revocations.add(store.read(|c| all_since(c, now - keep))?);
        Ok(revocations)
    }

    /// Why this session was ended, if it was.
    pub fn reason(&self, id: SessionId) -> Option<RevokedReason> {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.get(&id).map(|(_, reason)| *reason)
    }

    /// How many sessions are known to have been ended.
    pub fn live(&self) -> usize {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        ended.len()
    }

    /// Another number whenever [`ended`](Self::ended) would tell something else.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The sessions, sorted, and when the last of them was ended.
    pub fn ended(&self) -> (UnixMillis, Vec<String>) {
        let ended = self.ended.read().unwrap_or_else(PoisonError::into_inner);
        let newest = ended.values().map(|(at, _)| *at).max();
        let mut ids: Vec<_> = ended.keys().map(ToString::to_string).collect();
        ids.sort_unstable();
        (newest.unwrap_or(UnixMillis::from_millis(0)), ids)
    }

    /// Notes sessions that were ended here, just now.
    pub fn note(
        &self,
        ids: impl IntoIterator<Item = SessionId>,
        reason: RevokedReason,
        at: UnixMillis,
    ) {
        let ids = ids.into_iter();
        self.add(ids.map(|id| RevokedSession { id, at, reason }));
    }

    fn add(&self, sessions: impl IntoIterator<Item = RevokedSession>) {
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        let before = ended.len();
        let sessions = sessions.into_iter();
        ended.extend(sessions.map(|session| (session.id, (session.at, session.reason))));
        self.changed(before, ended.len());
    }

    fn changed(&self, before: usize, after: usize) {
        if before != after {
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// Follows the database until the service stops. While it is away, what is known stays.
    pub async fn follow(self: Arc<Self>, store: AsyncStore, clock: Arc<dyn Clock>) {
        let mut window = Window::new(self.keep);
        let mut following = true;
        loop {
            sleep(EVERY).await;
            let now = clock.now();
            let since = window.since(now);
            match store.watch(move |c| all_since(c, since)).await {
                Ok(sessions) => {
                    self.add(sessions);
                    window.was_read(now);
                    if !following {
                        log::info!("revoked sessions: the database answers again");
                    }
                    following = true;
                }
                Err(failure) => {
                    if following {
                        log::warn!(
                            "revoked sessions: those of other replicas come late: {failure}"
                        );
                    }
                    following = false;
                }
            }
            self.forget(now - self.keep);
        }
    }

    /// Forgets those that ended before `before`.
    fn forget(&self, before: UnixMillis) {
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        let count = ended.len();
        ended.retain(|_, (at, _)| *at >= before);
        self.changed(count, ended.len());
        // The room of a rush is given back.
        if ended.capacity() > 4096 && ended.len() < ended.capacity() / 8 {
            ended.shrink_to_fit();
        }
    }
}

/// From when on the database is to be read.
struct Window {
    keep: Duration,
    last: Option<UnixMillis>,
    last_whole: Option<UnixMillis>,
}

impl Window {
    fn new(keep: Duration) -> Self {
        Self {
            keep,
            last: None,
            last_whole: None,
        }
    }

    /// A little more than since the last time. All that counts on the first reading, each minute
    /// after, and when the clock was set back: then what came later still than it should, or was
    /// forgotten too early, is found.
    fn since(&self, now: UnixMillis) -> UnixMillis {
        let whole_is_due = self
            .last_whole
            .is_none_or(|at| now.since(at) >= WHOLE_EVERY);
        match self.last {
            Some(last) if last <= now && !whole_is_due => last - OVERLAP,
            _ => now - self.keep,
        }
    }

    /// It was read, from [`since`](Self::since) this moment.
    fn was_read(&mut self, now: UnixMillis) {
        if self.since(now) == now - self.keep {
            self.last_whole = Some(now);
        }
        self.last = Some(now);
    }
}

fn all_since(
    connection: &mut AnyConnection,
    since: UnixMillis,
) -> Result<Vec<RevokedSession>, StoreError> {
    let mut all: Vec<RevokedSession> = Vec::new();
    loop {
        let page = revoked_since(connection, since, all.last().copied(), PAGE)?;
        let is_last = page.len() < usize::from(PAGE);
        all.extend(page);
        if is_last {
            return Ok(all);
        }
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
    fn each_reading_begins_before_the_last_one_did() {
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
    fn all_that_counts_is_read_each_minute_and_when_the_clock_is_set_back() {
        let mut window = Window::new(seconds(332));
        window.was_read(START);
        window.was_read(START + seconds(59));
        let minute = START + seconds(60);
        assert_eq!(window.since(minute), minute - seconds(332));
        window.was_read(minute);
        let earlier = START - seconds(600);
        assert_eq!(window.since(earlier), earlier - seconds(332));
    }

    #[test]
    fn an_end_is_kept_for_as_long_as_any_token_may_live() {
        // Issued by a clock that is 29 seconds ahead, and good for the leeway after its end.
        let issued = START + seconds(29);
        let dies = issued + seconds(300) + seconds(LEEWAY.into());
        assert!(START + keep(seconds(300)) > dies);
    }

    #[test]
    fn what_no_access_token_outlives_is_forgotten_and_its_room_given_back() {
        let start = START;
        let revocations = Revocations {
            keep: Duration::from_secs(300),
            ended: RwLock::default(),
            version: AtomicU64::default(),
        };
        let session = |n: u32, at| RevokedSession {
            id: SessionId::new(
                start,
                [&n.to_be_bytes()[..], &[0; 6]].concat().try_into().unwrap(),
            ),
            at,
            reason: RevokedReason::Logout,
        };
        revocations.add((0..100_000).map(|n| session(n, start)));
        let later = session(100_000, start + Duration::from_secs(1));
        revocations.add([later]);
        assert_eq!(
            revocations.reason(session(7, start).id),
            Some(RevokedReason::Logout)
        );

        revocations.forget(start + Duration::from_secs(1));

        assert_eq!(revocations.reason(session(7, start).id), None);
        assert_eq!(revocations.reason(later.id), Some(RevokedReason::Logout));
        assert!(revocations.ended.read().unwrap().capacity() < 4096);
    }
}

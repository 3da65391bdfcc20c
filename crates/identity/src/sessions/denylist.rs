//! The denylist: the ids of sessions that were revoked within the last access-token lifetime.
//!
//! Every replica keeps it in memory, so that refusing the access tokens of a revoked session needs no
//! query, and reads the database every second for what other replicas revoked. ARCHITECTURE
//! "Denylist" states the bound and why it holds.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use store::sessions::{
    Revoked, RevokedReason, RevokedSession, SessionId, last_revocation, revoked_since,
};
use store::{AnyConnection, Store, StoreError, UnixMillis};
use tokio::time::sleep;

use super::window::{EVERY, OVERLAP, Window};
use crate::async_store::AsyncStore;
use crate::clock::{Clock, LEEWAY};

/// Sessions per query.
const PAGE: u16 = 1000;

/// How long a session stays on the list: another clock may have issued an access token of it shortly
/// before it was revoked.
pub(super) fn keep(access_ttl: Duration) -> Duration {
    access_ttl + Duration::from_secs(LEEWAY.into()) + OVERLAP
}

/// The sessions that were revoked within the last access-token lifetime.
#[derive(Debug)]
pub struct Denylist {
    /// How long a session stays on the list: none of its access tokens is valid for longer.
    keep: Duration,
    revoked: RwLock<HashMap<SessionId, (UnixMillis, RevokedReason)>>,
    /// Changes whenever a session is added or removed.
    version: AtomicU64,
    /// The time of the last revocation in the database, on the list or not.
    last: AtomicI64,
}

/// What a reading of the database finds.
struct Read {
    sessions: Vec<RevokedSession>,
    /// The last revocation of all.
    last: Option<UnixMillis>,
}

impl Denylist {
    /// Loads the list from the database, for access tokens with the lifetime `access_ttl`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn load(store: &Store, access_ttl: Duration, now: UnixMillis) -> Result<Self, StoreError> {
        let keep = keep(access_ttl);
        let denylist = Self::empty(keep);
        denylist.take_in(store.read(|c| read(c, now - keep))?, now);
        Ok(denylist)
    }

    /// An empty list, for programs that verify no access tokens.
    pub fn empty(keep: Duration) -> Self {
        Self {
            keep,
            revoked: RwLock::default(),
            version: AtomicU64::default(),
            last: AtomicI64::default(),
        }
    }

    /// Why this session was revoked, if it is on the list.
    pub fn reason(&self, id: SessionId) -> Option<RevokedReason> {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.get(&id).map(|(_, reason)| *reason)
    }

    /// How many sessions are on the list.
    pub fn size(&self) -> usize {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.len()
    }

    /// Another number whenever [`sessions`](Self::sessions) has changed.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The time of the last revocation in the database. It never goes back, even when that session has
    /// left the list.
    pub fn last_revocation(&self) -> UnixMillis {
        UnixMillis::from_millis(self.last.load(Ordering::Acquire))
    }

    /// The ids of the sessions, sorted.
    pub fn sessions(&self) -> Vec<String> {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        let mut ids: Vec<_> = revoked.keys().map(ToString::to_string).collect();
        ids.sort_unstable();
        ids
    }

    /// Adds sessions whose revocation this replica just committed.
    pub fn add_revoked(&self, revoked: &Revoked, now: UnixMillis) {
        let (at, reason) = (revoked.revocation.at, revoked.revocation.reason);
        let ids = revoked.sessions.iter().copied();
        let sessions = ids.map(|id| RevokedSession { id, at, reason }).collect();
        let last = (!revoked.sessions.is_empty()).then_some(at);
        self.take_in(Read { sessions, last }, now);
    }

    fn take_in(&self, read: Read, now: UnixMillis) {
        if let Some(last) = read.last {
            self.last.fetch_max(last.as_millis(), Ordering::AcqRel);
        }
        self.add(read.sessions, now);
    }

    /// A session that is new to the list stays for as long as if it had been revoked now: its revocation
    /// may have been committed long after its time was read.
    fn add(&self, sessions: impl IntoIterator<Item = RevokedSession>, now: UnixMillis) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        let before = revoked.len();
        for session in sessions {
            let entry = revoked.entry(session.id);
            entry.or_insert((session.at.max(now), session.reason));
        }
        self.changed(before, revoked.len());
    }

    fn changed(&self, before: usize, after: usize) {
        if before != after {
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// Follows the database until the service stops. While it is unavailable, known revocations stay.
    pub async fn follow(self: Arc<Self>, store: AsyncStore, clock: Arc<dyn Clock>) {
        let mut window = Window::new(self.keep);
        let mut following = true;
        loop {
            sleep(EVERY).await;
            let now = clock.now();
            let since = window.since(now);
            match store.poll(move |c| read(c, since)).await {
                Ok(read) => {
                    self.take_in(read, now);
                    window.was_read(now);
                    if !following {
                        log::info!("denylist: the database is available again");
                    }
                    following = true;
                }
                Err(failure) => {
                    if following {
                        log::warn!(
                            "denylist: revocations by other replicas are delayed: {failure}"
                        );
                    }
                    following = false;
                }
            }
            self.forget(now - self.keep);
        }
    }

    /// Removes sessions that were revoked before `before`.
    fn forget(&self, before: UnixMillis) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        let count = revoked.len();
        revoked.retain(|_, (at, _)| *at >= before);
        self.changed(count, revoked.len());
        // Give back memory after a burst.
        if revoked.capacity() > 4096 && revoked.len() < revoked.capacity() / 8 {
            revoked.shrink_to_fit();
        }
    }
}

/// The last revocation is read first: the sessions then include it, if it is not too long ago.
fn read(connection: &mut AnyConnection, since: UnixMillis) -> Result<Read, StoreError> {
    let last = last_revocation(connection)?;
    let mut sessions: Vec<RevokedSession> = Vec::new();
    loop {
        let page = revoked_since(connection, since, sessions.last().copied(), PAGE)?;
        let is_last = page.len() < usize::from(PAGE);
        sessions.extend(page);
        if is_last {
            return Ok(Read { sessions, last });
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
    fn a_session_stays_for_as_long_as_its_tokens_may_be_valid() {
        // Issued by a clock that is 29 seconds ahead, and valid for the leeway after its expiry.
        let issued = START + seconds(29);
        let expires = issued + seconds(300) + seconds(LEEWAY.into());
        assert!(START + keep(seconds(300)) > expires);
    }

    #[test]
    fn old_sessions_are_removed_and_their_memory_is_given_back() {
        let start = START;
        let denylist = Denylist::empty(Duration::from_secs(300));
        let session = |n: u32, at| RevokedSession {
            id: SessionId::new(
                start,
                [&[0; 6], &n.to_be_bytes()[..]].concat().try_into().unwrap(),
            ),
            at,
            reason: RevokedReason::Logout,
        };
        denylist.add((0..100_000).map(|n| session(n, start)), start);
        let later = session(100_000, start);
        denylist.add([later], start + Duration::from_secs(1));
        assert_eq!(
            denylist.reason(session(7, start).id),
            Some(RevokedReason::Logout)
        );

        denylist.forget(start + Duration::from_secs(1));

        assert_eq!(denylist.reason(session(7, start).id), None);
        assert_eq!(denylist.reason(later.id), Some(RevokedReason::Logout));
        assert!(denylist.revoked.read().unwrap().capacity() < 4096);
    }
}

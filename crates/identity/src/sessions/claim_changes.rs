//! The current claims of users whose custom claims changed within the last access-token lifetime.
//!
//! Access tokens carry the claims of the time when they were issued. A claim that was taken away must not
//! be accepted for minutes (OWASP ASVS 5.0, V8.3.2), so tokens with other claims than the current ones are
//! refused; their holders get new ones by a renewal. Every replica reads the database each second, as for
//! the denylist.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Map, Value};
use store::claim_changes::{self, ClaimChange};
use store::users::UserId;
use store::{Store, StoreError, UnixMillis};
use tokio::time::sleep;

use super::denylist::keep;
use super::window::{EVERY, Window};
use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::tokens::{custom_claims, custom_claims_of};

/// The claims that changed within the last access-token lifetime.
#[derive(Debug)]
pub struct ClaimChanges {
    /// How long a change is remembered: no access token from before it is valid for longer.
    keep: Duration,
    changed: RwLock<HashMap<UserId, Changed>>,
    /// Most of the time there are none, and verification costs nothing more.
    any: AtomicBool,
}

#[derive(Debug)]
struct Changed {
    at: UnixMillis,
    noted_at: UnixMillis,
    claims: Map<String, Value>,
}

impl ClaimChanges {
    /// Loads the changes from the database, for access tokens with the lifetime `access_ttl`.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn load(store: &Store, access_ttl: Duration, now: UnixMillis) -> Result<Self, StoreError> {
        let changes = Self::empty(keep(access_ttl));
        let since = now - changes.keep;
        changes.add(store.read(|c| claim_changes::since(c, since))?, now);
        Ok(changes)
    }

    /// None, for programs that verify no access tokens.
    pub fn empty(keep: Duration) -> Self {
        Self {
            keep,
            changed: RwLock::default(),
            any: AtomicBool::new(false),
        }
    }

    /// Whether a verified token of this user has other custom claims than the user has now.
    pub fn outdate(&self, user_id: &UserId, token: &str) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let changed = self.changed.read().unwrap_or_else(PoisonError::into_inner);
        let current = changed.get(user_id);
        current.is_some_and(|current| current.claims != custom_claims_of(token))
    }

    /// Adds changes that were committed; of two changes of one user, the later counts.
    pub fn add(&self, changes: Vec<ClaimChange>, now: UnixMillis) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        for ClaimChange {
            user_id,
            claims,
            at,
        } in changes
        {
            // Of one user, each change is later than the one before.
            if changed.get(&user_id).is_some_and(|known| known.at >= at) {
                continue;
            }
            // What is stored was checked; if it is not readable, no token has it.
            let claims = custom_claims(&claims).unwrap_or_default();
            let noted_at = at.max(now);
            changed.insert(
                user_id,
                Changed {
                    at,
                    noted_at,
                    claims,
                },
            );
        }
        self.any.store(!changed.is_empty(), Ordering::Release);
    }

    /// Follows the database until the service stops. While it is unavailable, known changes stay; the
    /// denylist, which reads as often, logs that.
    pub async fn follow(self: Arc<Self>, store: AsyncStore, clock: Arc<dyn Clock>) {
        let mut window = Window::new(self.keep);
        loop {
            sleep(EVERY).await;
            let now = clock.now();
            let since = window.since(now);
            if let Ok(changes) = store.poll(move |c| claim_changes::since(c, since)).await {
                self.add(changes, now);
                window.was_read(now);
            }
            self.forget(now - self.keep);
        }
    }

    fn forget(&self, before: UnixMillis) {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, change| change.noted_at >= before);
        changed.shrink_to(64);
        self.any.store(!changed.is_empty(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    const START: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

    fn token(claims: &str) -> String {
        format!("h.{}.s", base64url::encode(claims.as_bytes()))
    }

    fn change(claims: &str, seconds: u64) -> ClaimChange {
        ClaimChange {
            user_id: UserId::parse("ann").unwrap(),
            claims: claims.to_owned(),
            at: START + Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_token_with_other_claims_is_outdated_for_as_long_as_it_may_be_valid() {
        let changes = ClaimChanges::empty(Duration::from_secs(300));
        let [ann, bob] = ["ann", "bob"].map(|id| UserId::parse(id).unwrap());
        let editor = token(r#"{"sub":"ann","sid":"1","role":"editor"}"#);
        let reader = token(r#"{"sub":"ann","sid":"2","role":"reader"}"#);
        assert!(!changes.outdate(&ann, &editor));

        changes.add(vec![change(r#"{"role":"reader"}"#, 1)], START);
        assert!(changes.outdate(&ann, &editor));
        assert!(!changes.outdate(&ann, &reader));
        assert!(!changes.outdate(&bob, &editor));

        // What arrives late changes nothing.
        changes.add(vec![change(r#"{"role":"editor"}"#, 0)], START);
        assert!(changes.outdate(&ann, &editor));

        let noted = START + Duration::from_secs(1);
        changes.forget(noted);
        assert!(changes.outdate(&ann, &editor));
        changes.forget(noted + Duration::from_millis(1));
        assert!(!changes.outdate(&ann, &editor));
    }
}

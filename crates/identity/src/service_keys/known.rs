use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::service_keys::{self, ServiceKeyHash};
use store::{Store, StoreError, UnixMillis};
use tokio::time::sleep;

use crate::async_store::AsyncStore;
use crate::clock::Clock;

/// Maximum number of keys that are remembered.
const MOST: u16 = 10_000;

/// How often the database is asked for new keys.
const EVERY: Duration = Duration::from_secs(10);

/// The service keys that are known to be valid without asking the database. Anybody can make up others, so
/// that looking those up is limited.
#[derive(Default)]
pub struct KnownServiceKeys(Mutex<HashSet<[u8; 32]>>);

impl KnownServiceKeys {
    /// The keys that are valid now.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn load(store: &Store, now: UnixMillis) -> Result<Self, StoreError> {
        let known = Self::default();
        known.replace(store.read(|c| service_keys::valid_hashes(c, now, MOST))?);
        Ok(known)
    }

    /// Follows the database until the service stops.
    pub async fn follow(self: Arc<Self>, store: AsyncStore, clock: Arc<dyn Clock>) {
        loop {
            sleep(EVERY).await;
            let now = clock.now();
            let valid = store.poll(move |c| service_keys::valid_hashes(c, now, MOST));
            // While it is unavailable, the known keys stay; the denylist, which reads more often, logs that.
            if let Ok(valid) = valid.await {
                self.replace(valid);
            }
        }
    }

    pub(super) fn contains(&self, hash: ServiceKeyHash) -> bool {
        self.lock().contains(&hash.0)
    }

    /// Notes what the database said about a key.
    pub(super) fn note(&self, hash: ServiceKeyHash, is_valid: bool) {
        let mut known = self.lock();
        if !is_valid {
            known.remove(&hash.0);
        } else if known.len() < usize::from(MOST) {
            known.insert(hash.0);
        }
    }

    fn replace(&self, valid: Vec<ServiceKeyHash>) {
        *self.lock() = valid.into_iter().map(|hash| hash.0).collect();
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KnownServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownServiceKeys").finish_non_exhaustive()
    }
}

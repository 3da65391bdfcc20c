use std::time::Duration;

use store::keys::{self, KeyUse, WrappedKey};
use store::{Actor, Store, UnixMillis};
use tokio::time::sleep;

use super::ring::Opened;
use super::{KeyRing, KeysError, MasterKey, Rings, Rotation, Urgency};
use crate::metrics::Metrics;

/// How often the database is read. A withdrawn key is refused on every replica within five seconds.
const EVERY: Duration = Duration::from_secs(2);

/// The key ring as this replica knows it. It follows the one in the database.
pub struct KeyFollower {
    master_key: MasterKey,
    known: Vec<WrappedKey>,
    opened: Opened,
}

impl KeyFollower {
    /// Loads the key ring.
    ///
    /// # Errors
    ///
    /// [`KeysError`] if any key cannot be unwrapped.
    pub fn load(store: &Store, master_key: MasterKey, now: UnixMillis) -> Result<Self, KeysError> {
        let mut follower = Self {
            master_key,
            known: store.read(keys::list)?,
            opened: Opened::default(),
        };
        for key in follower.known.iter().filter(|key| key.verifies(now)) {
            follower.opened.open(key, &follower.master_key)?;
        }
        Ok(follower)
    }

    /// The keys in force.
    ///
    /// # Errors
    ///
    /// [`KeysError::Missing`].
    pub fn rings(&self, now: UnixMillis) -> Result<Rings, KeysError> {
        self.opened.rings(&self.known, now)
    }

    /// Reports since when the active keys sign.
    pub fn report_ages(&self, metrics: &Metrics, now: UnixMillis) {
        for key_use in KeyUse::ALL.iter().copied() {
            let of_this_use = self.known.iter().filter(|key| key.key_use == key_use);
            let since = of_this_use.filter_map(|key| key.signs_from);
            if let Some(since) = since.filter(|since| *since <= now).max() {
                metrics.key_signs_since(key_use, since);
            }
        }
    }

    /// Follows the database until `ring` says that the service has stopped: rotates keys that are old
    /// enough, and passes the rings on. While the database is unavailable, the previous rings stay in
    /// use.
    pub async fn follow(mut self, ring: impl Fn() -> Option<KeyRing>, pass_on: impl Fn(Rings)) {
        let mut trouble = None;
        loop {
            sleep(EVERY).await;
            let Some(ring) = ring() else {
                return;
            };
            let failed = self.look(&ring, &pass_on).await.err();
            // Logged once, not every two seconds.
            if let Some(why) = failed.as_ref().filter(|why| trouble.as_ref() != Some(*why)) {
                log::error!("signing keys: the previous keys stay in use: {why}");
            }
            if failed.is_none() && trouble.is_some() {
                log::info!("signing keys: loaded again");
            }
            trouble = failed;
        }
    }

    async fn look(&mut self, ring: &KeyRing, pass_on: impl Fn(Rings)) -> Result<(), String> {
        let now = ring.ports.clock.now();
        self.rotate_old_keys(ring, now).await?;
        let keys = ring.ports.store.poll(keys::list).await;
        let keys = keys.map_err(|why| why.to_string())?;
        if keys != self.known {
            log::info!("signing keys: {}", summary(&keys, now));
        }
        self.known = keys;
        self.report_ages(ring.ports.audit.metrics(), now);
        self.opened.keep(&self.known);
        let mut outcome = Ok(());
        for key in self.known.iter().filter(|key| key.verifies(now)) {
            // A key that cannot be unwrapped must not hide that another was withdrawn.
            if let Err(why) = self.opened.open(key, &self.master_key) {
                outcome = Err(why.to_string());
            }
        }
        // Even if nothing changed: time alone makes keys sign or retire.
        pass_on(self.rings(now).map_err(|why| why.to_string())?);
        outcome
    }

    async fn rotate_old_keys(&self, ring: &KeyRing, now: UnixMillis) -> Result<(), String> {
        for key_use in KeyUse::ALL.iter().copied() {
            if !self.is_old(ring, key_use, now) {
                continue;
            }
            let rotation = ring.rotate(key_use, Urgency::Age, &Actor::System).await;
            if let Rotation::Rotated { id, .. } = rotation.map_err(|why| why.to_string())? {
                log::info!("signing keys: published the {key_use} key {id}");
            }
        }
        Ok(())
    }

    /// Whether the newest key will be old enough when a successor, created now, starts to sign.
    fn is_old(&self, ring: &KeyRing, key_use: KeyUse, now: UnixMillis) -> bool {
        let of_this_use = self.known.iter().filter(|key| key.key_use == key_use);
        // One that was withdrawn before its time came does not count.
        let lasting = of_this_use.filter(|key| key.verifies_until.is_none());
        let newest = lasting.filter_map(|key| key.signs_from).max();
        match (ring.rules.rotate_every, newest) {
            (Some(every), Some(newest)) => newest + every <= now + ring.rules.publish_ahead,
            _ => false,
        }
    }
}

fn summary(keys: &[WrappedKey], now: UnixMillis) -> String {
    let of = |key_use: &KeyUse| {
        let of_this_use = keys.iter().filter(|key| key.key_use == *key_use);
        let verifying = of_this_use.filter(|key| key.verifies(now));
        let ids: Vec<_> = verifying.map(|key| key.id.as_str()).collect();
        format!("{key_use}: {}", ids.join(", "))
    };
    KeyUse::ALL.iter().map(of).collect::<Vec<_>>().join("; ")
}

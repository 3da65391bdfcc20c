use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_rt::time::sleep;
use store::events::EventKind;
use store::keys::{self, KeyUse, WrappedKey};
use store::{Store, UnixMillis};

use super::ring::Opened;
use super::{KeyRules, KeysError, MasterKey, Rings, Rotation, rotate};
use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::Metrics;

/// How often the database is asked. A key that was withdrawn is refused everywhere within five
/// seconds.
const EVERY: Duration = Duration::from_secs(2);

/// The key ring as this replica knows it.
pub struct Keys {
    master_key: MasterKey,
    rules: KeyRules,
    entropy: Arc<dyn Entropy>,
    known: Vec<WrappedKey>,
    opened: Opened,
}

impl Keys {
    /// That of the database.
    ///
    /// # Errors
    ///
    /// [`KeysError`], if any key of it cannot be opened.
    pub fn load(
        store: &Store,
        master_key: MasterKey,
        rules: KeyRules,
        entropy: Arc<dyn Entropy>,
        now: UnixMillis,
    ) -> Result<Self, KeysError> {
        let mut keys = Self {
            master_key,
            rules,
            entropy,
            known: store.read(keys::list)?,
            opened: Opened::default(),
        };
        for key in keys.known.iter().filter(|key| key.verifies(now)) {
            keys.opened.open(key, &keys.master_key)?;
        }
        Ok(keys)
    }

    /// The keys in force.
    ///
    /// # Errors
    ///
    /// [`KeysError::Missing`].
    pub fn rings(&self, now: UnixMillis) -> Result<Rings, KeysError> {
        self.opened.rings(&self.known, now)
    }

    /// Since when the key signs that signs now.
    fn signs_since(&self, key_use: KeyUse, now: UnixMillis) -> Option<UnixMillis> {
        let of_this_use = self.known.iter().filter(|key| key.key_use == key_use);
        let since = of_this_use.filter_map(|key| key.signs_from);
        since.filter(|since| *since <= now).max()
    }

    /// Follows the database until the service stops, rotates keys whose time has come, and hands
    /// over the rings. What cannot be had leaves those of before in use.
    pub async fn follow(
        mut self,
        store: AsyncStore,
        clock: Arc<dyn Clock>,
        audit: Weak<Audit>,
        hand_over: impl Fn(Rings),
    ) {
        let mut trouble = None;
        loop {
            sleep(EVERY).await;
            let went = self.look(&store, clock.now(), &audit, &hand_over);
            let went = went.await.err();
            // Told once, not every two seconds.
            if let Some(why) = went.as_ref().filter(|why| trouble.as_ref() != Some(*why)) {
                log::error!("signing keys: those of before stay in use: {why}");
            }
            if went.is_none() && trouble.is_some() {
                log::info!("signing keys: all is well again");
            }
            trouble = went;
        }
    }

    async fn look(
        &mut self,
        store: &AsyncStore,
        now: UnixMillis,
        audit: &Weak<Audit>,
        hand_over: impl Fn(Rings),
    ) -> Result<(), String> {
        self.rotate_what_is_due(store, now, audit).await?;
        let keys = store
            .watch(keys::list)
            .await
            .map_err(|why| why.to_string())?;
        if keys != self.known {
            log::info!("signing keys: {}", summary(&keys, now));
        }
        self.known = keys;
        if let Some(audit) = audit.upgrade() {
            self.tell_ages(audit.metrics(), now);
        }
        self.opened.keep(&self.known);
        let mut went = Ok(());
        for key in self.known.iter().filter(|key| key.verifies(now)) {
            // One that cannot be opened is no reason to miss that another was withdrawn.
            if let Err(why) = self.opened.open(key, &self.master_key) {
                went = Err(why.to_string());
            }
        }
        // Also when nothing was changed: with time alone a key begins to sign, or is gone.
        hand_over(self.rings(now).map_err(|why| why.to_string())?);
        went
    }

    /// Notes since when keys sign.
    pub fn tell_ages(&self, metrics: &Metrics, now: UnixMillis) {
        for key_use in KeyUse::ALL {
            if let Some(since) = self.signs_since(key_use, now) {
                metrics.key_signs_since(key_use, since);
            }
        }
    }

    async fn rotate_what_is_due(
        &self,
        store: &AsyncStore,
        now: UnixMillis,
        audit: &Weak<Audit>,
    ) -> Result<(), String> {
        let due = KeyUse::ALL.into_iter().filter(|of| self.is_due(*of, now));
        for key_use in due {
            let (master_key, rules, entropy) =
                (self.master_key.clone(), self.rules, self.entropy.clone());
            let rotation = move |store: &Store| {
                rotate(store, &master_key, key_use, &rules, false, &*entropy, now)
            };
            let rotation = store.with(rotation).await.map_err(|why| why.to_string())?;
            if let Rotation::Rotated { id, .. } = rotation.map_err(|why| why.to_string())? {
                log::info!("signing keys: the {key_use} key {id} is published, and signs soon");
                if let Some(audit) = audit.upgrade() {
                    let event = audit.event(EventKind::KeyRotated);
                    audit.record(event.detail(&format!("{key_use} key {id}, by age")));
                }
            }
        }
        Ok(())
    }

    /// Whether the newest key will be old enough when a successor, made now, begins to sign.
    fn is_due(&self, key_use: KeyUse, now: UnixMillis) -> bool {
        let of_this_use = self.known.iter().filter(|key| key.key_use == key_use);
        let newest = of_this_use.filter_map(|key| key.signs_from).max();
        match (self.rules.rotate_every, newest) {
            (Some(every), Some(newest)) => newest + every <= now + self.rules.publish_ahead,
            _ => false,
        }
    }
}

fn summary(keys: &[WrappedKey], now: UnixMillis) -> String {
    let of = |key_use| {
        let keys = keys.iter();
        let good = keys.filter(move |key| key.key_use == key_use && key.verifies(now));
        let ids: Vec<_> = good.map(|key| key.id.as_str()).collect();
        format!("{key_use}: {}", ids.join(", "))
    };
    KeyUse::ALL.map(of).join("; ")
}

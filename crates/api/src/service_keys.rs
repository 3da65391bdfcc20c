//! Service keys: making one, and knowing one when it is presented.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::UnixMillis;
use store::events::EventKind;
use store::service_keys::{self as rows, Scope, ServiceKey, ServiceKeyHash};
use zeroize::Zeroizing;

use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::random_secret;

/// What every service key begins with, for people and secret scanners to know it by.
pub const PREFIX: &str = "symbolon_sk_";

/// A service key itself. `Debug` does not show it.
pub struct PlainServiceKey(Zeroizing<String>);

impl PlainServiceKey {
    /// A new one, of 256 random bits.
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(random_secret::make(PREFIX, entropy))
    }

    /// A text that begins like one, good or not.
    pub fn parse(text: &str) -> Option<Self> {
        let begins_like_one = text.starts_with(PREFIX);
        begins_like_one.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// What is stored of it.
    pub fn hash(&self) -> ServiceKeyHash {
        ServiceKeyHash(random_secret::hash(&self.0))
    }

    /// For printing it once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainServiceKey(…)")
    }
}

/// Whether a service key may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It may.
    Granted(ServiceKey),
    /// It is good, but not for this.
    InsufficientScope,
    /// It is unknown, revoked or expired.
    Invalid,
}

/// Knows service keys.
pub struct ServiceKeys {
    store: AsyncStore,
    audit: Arc<Audit>,
    /// When the refusal of a key was last recorded.
    refused: Mutex<HashMap<String, UnixMillis>>,
    clock: Arc<dyn Clock>,
}

impl ServiceKeys {
    /// Those in `store`.
    pub fn new(store: AsyncStore, audit: Arc<Audit>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            audit,
            refused: Mutex::default(),
            clock,
        }
    }

    /// Whether this key may do what `scope` names.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn authorize(
        &self,
        key: &PlainServiceKey,
        scope: Scope,
    ) -> Result<Authorization, Failure> {
        let hash = key.hash();
        let found = self.store.read(move |c| rows::find(c, &hash)).await?;
        Ok(match found {
            Some(key) if !key.is_valid(self.clock.now()) => {
                self.record_refusal(&key, "expired or revoked");
                Authorization::Invalid
            }
            Some(key) if key.grants(scope) => {
                self.note_use(&key).await;
                Authorization::Granted(key)
            }
            Some(key) => {
                self.record_refusal(&key, &format!("lacks {scope}"));
                Authorization::InsufficientScope
            }
            // Anybody could fill the trail with these.
            None => Authorization::Invalid,
        })
    }

    fn record_refusal(&self, key: &ServiceKey, why: &str) {
        // Once a minute: a leaked key could fill the trail.
        let now = self.clock.now();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let last = refused.get(&key.id).copied();
        if last.is_some_and(|last| now.since(last) < Duration::from_secs(60)) {
            return;
        }
        refused.insert(key.id.clone(), now);
        let event = self.audit.event(EventKind::ServiceKeyRefused);
        self.audit
            .record(event.refused(&format!("{}: {why}", key.name)));
    }

    /// To the minute, so that a busy key is not written at each call. A call is not refused
    /// because it could not be noted.
    async fn note_use(&self, key: &ServiceKey) {
        let now = self.clock.now();
        let noted_lately = |last: UnixMillis| now.since(last) < Duration::from_secs(60);
        if key.last_used_at.is_some_and(noted_lately) {
            return;
        }
        let id = key.id.clone();
        if let Err(failure) = self.store.write(move |c| rows::touch(c, &id, now)).await {
            log::warn!("the use of a service key was not noted: {failure}");
        }
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKeys").finish_non_exhaustive()
    }
}

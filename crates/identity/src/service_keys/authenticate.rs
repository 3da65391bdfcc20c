use std::sync::PoisonError;
use std::time::Duration;

use store::Actor;
use store::events::{Cause, Event, EventKind};
use store::service_keys::{self, Scope, ServiceKey};

use super::{ServiceKeySecret, ServiceKeys};
use crate::failure::Failure;

/// How often the use of a key, or its refusal, is recorded.
const RECORD_EVERY: Duration = Duration::from_secs(60);

/// Whether a service key may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It may.
    Granted(ServiceKey),
    /// It is valid, but lacks the scope.
    InsufficientScope,
    /// It is unknown, revoked or expired.
    Invalid,
}

impl ServiceKeys {
    /// Whether this key is known to be valid. Looking up others should be limited.
    pub fn is_known(&self, secret: &ServiceKeySecret) -> bool {
        self.known.contains(secret.hash())
    }

    /// Whether a service key has `scope`.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn authorize(
        &self,
        secret: &ServiceKeySecret,
        scope: Scope,
    ) -> Result<Authorization, Failure> {
        let hash = secret.hash();
        let found = self.ports.store.read(move |c| service_keys::find(c, &hash));
        let found = found.await?;
        let now = self.ports.clock.now();
        let is_valid = found.as_ref().is_some_and(|key| key.is_valid(now));
        self.known.note(hash, is_valid);
        // An unknown key has no event: anybody could fill the audit trail with those.
        let Some(key) = found else {
            self.ports.audit.metrics().unknown_service_key();
            return Ok(Authorization::Invalid);
        };
        if key.revoked_at.is_some() {
            self.record_refusal(&key, |event| {
                event.refused(Cause::KeyRevoked).subject(&key.name)
            });
            Ok(Authorization::Invalid)
        } else if !key.is_valid(now) {
            self.record_refusal(&key, |event| {
                event.refused(Cause::KeyExpired).subject(&key.name)
            });
            Ok(Authorization::Invalid)
        } else if key.grants(scope) {
            self.record_use(&key).await;
            Ok(Authorization::Granted(key))
        } else {
            let actor = Actor::ServiceKey(key.name.clone());
            self.record_refusal(&key, |event| {
                let event = event.refused(Cause::ScopeMissing).actor(&actor);
                event.subject(scope.as_str())
            });
            Ok(Authorization::InsufficientScope)
        }
    }

    /// Once a minute for each key, so that a leaked key cannot fill the audit trail.
    fn record_refusal(&self, key: &ServiceKey, fill: impl FnOnce(Event) -> Event) {
        let now = self.ports.clock.monotonic();
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let last = refusals.get(&key.id).copied();
        if last.is_some_and(|last| now.saturating_sub(last) < RECORD_EVERY) {
            return;
        }
        refusals.insert(key.id.clone(), now);
        let event = self.ports.audit.event(EventKind::ServiceKeyRefused);
        self.ports.audit.record(fill(event));
    }

    /// To the minute, so that a busy key does not cause a write for each call. A failure to record
    /// the use refuses nothing.
    async fn record_use(&self, key: &ServiceKey) {
        let now = self.ports.clock.now();
        if key
            .last_used_at
            .is_some_and(|last| now.since(last) < RECORD_EVERY)
        {
            return;
        }
        let id = key.id.clone();
        let touch = move |c: &mut _| service_keys::touch(c, &id, now);
        if let Err(failure) = self.ports.store.write(touch).await {
            log::warn!("cannot record the use of a service key: {failure}");
        }
    }
}

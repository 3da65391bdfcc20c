use std::time::Duration;

use jwt_core::KeyError;
use store::events::{Cause, EventKind};
use store::keys::{self, KeyUse, WrappedKey};
use store::{Actor, AnyConnection, StoreError, UnixMillis};
use tokio::task::spawn_blocking;

use super::{KeyRing, KeysError, MasterKey, new_key, wrap};
use crate::clock::LEEWAY;

/// Why a key is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It is old enough.
    Age,
    /// An operator asked for it.
    Requested,
    /// It has leaked: the successor signs at once, and no other key of the use verifies any more.
    Emergency,
}

impl Urgency {
    fn cause(self) -> Option<Cause> {
        match self {
            Urgency::Age => Some(Cause::Age),
            Urgency::Requested => None,
            Urgency::Emergency => Some(Cause::Emergency),
        }
    }
}

/// The outcome of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// There is a new key, which signs from then on.
    Rotated {
        /// Its id.
        id: String,
        /// When it starts.
        signs_from: UnixMillis,
    },
    /// There is a key already that does not sign yet.
    InProgress {
        /// Its id.
        id: String,
        /// When it starts.
        signs_from: UnixMillis,
    },
    /// Another replica rotated the key concurrently.
    Overtaken,
}

/// How much longer a retiring key verifies than its last token requires: a replica may follow late,
/// and its clock may be behind.
const MARGIN: Duration = Duration::from_secs(60);

impl KeyRing {
    /// Generates a successor of the active key of a use. It is published at once and signs after
    /// [`KeyRules::publish_ahead`](super::KeyRules::publish_ahead); the key before verifies until its
    /// last token has expired.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub async fn rotate(
        &self,
        key_use: KeyUse,
        urgency: Urgency,
        actor: &Actor,
    ) -> Result<Rotation, KeysError> {
        let now = self.ports.clock.now();
        let newest = move |c: &mut _| keys::newest(c, key_use);
        let newest = self.ports.store.read(newest).await?;
        let algorithm = self.rules.algorithm(key_use, newest.as_ref());
        let (master_key, entropy) = (self.master_key.clone(), self.ports.entropy.clone());
        // Not on a thread that answers requests: an RSA key takes about a second.
        let generate =
            spawn_blocking(move || new_key(&master_key, key_use, algorithm, &*entropy, now));
        let key = generate
            .await
            .map_err(|_panicked| KeysError::NotGenerated {
                algorithm,
                why: KeyError::NoRandomness,
            })??;
        let rotation = self.add_successor(key, urgency, now).await?;
        if let Rotation::Rotated { id, .. } = &rotation {
            let event = self.ports.audit.event(EventKind::KeyRotated).actor(actor);
            let event = event.subject(format!("{key_use} key {id}"));
            self.ports.audit.record(match urgency.cause() {
                Some(cause) => event.reason(cause),
                None => event,
            });
        }
        Ok(rotation)
    }

    /// Makes a key the successor of the newest of its use.
    pub(super) async fn add_successor(
        &self,
        mut key: WrappedKey,
        urgency: Urgency,
        now: UnixMillis,
    ) -> Result<Rotation, KeysError> {
        let signs_from = match urgency {
            Urgency::Emergency => now,
            Urgency::Age | Urgency::Requested => now + self.rules.publish_ahead,
        };
        key.signs_from = Some(signs_from);
        let last_token = signs_from + self.rules.lifetime(key.key_use);
        let master_key = self.master_key.clone();
        let succeed =
            move |c: &mut _| succeed(c, &master_key, &key, signs_from, last_token, urgency, now);
        self.ports.store.transaction(succeed).await?
    }
}

fn succeed(
    connection: &mut AnyConnection,
    master_key: &MasterKey,
    key: &WrappedKey,
    signs_from: UnixMillis,
    last_token: UnixMillis,
    urgency: Urgency,
    now: UnixMillis,
) -> Result<Result<Rotation, KeysError>, StoreError> {
    let newest = match lock_and_check(connection, master_key, key.key_use)? {
        Ok(newest) => newest,
        Err(error) => return Ok(Err(error)),
    };
    let is_emergency = urgency == Urgency::Emergency;
    if let Some(signs_from) = newest
        .signs_from
        .filter(|from| *from > now && !is_emergency)
    {
        return Ok(Ok(Rotation::InProgress {
            id: newest.id,
            signs_from,
        }));
    }
    let until = last_expiry(connection, key.key_use, last_token)? + MARGIN;
    if !keys::add_successor(connection, key, &newest.id, until)? {
        return Ok(Ok(Rotation::Overtaken));
    }
    if is_emergency {
        keys::end_others(connection, key.key_use, &key.id, now)?;
    }
    Ok(Ok(Rotation::Rotated {
        id: key.id.clone(),
        signs_from,
    }))
}

/// Locks the ring, and returns its newest key. The master key must unwrap it, so that other replicas
/// can unwrap what this one adds.
pub(super) fn lock_and_check(
    connection: &mut AnyConnection,
    master_key: &MasterKey,
    key_use: KeyUse,
) -> Result<Result<WrappedKey, KeysError>, StoreError> {
    keys::lock(connection)?;
    let Some(newest) = keys::newest(connection, key_use)? else {
        return Ok(Err(KeysError::Missing(key_use)));
    };
    let unwrapped = wrap::unwrap(master_key, key_use, &newest.id, &newest.wrapped);
    Ok(match unwrapped {
        Some(_) => Ok(newest),
        None => Err(KeysError::WrongMasterKey {
            key_use,
            id: newest.id,
        }),
    })
}

/// When the last token of the retiring key expires. A session may have been opened when sessions
/// lasted longer.
fn last_expiry(
    connection: &mut AnyConnection,
    key_use: KeyUse,
    by_the_rules: UnixMillis,
) -> Result<UnixMillis, StoreError> {
    let last = match key_use {
        KeyUse::Access => None,
        KeyUse::Refresh => keys::last_refresh_expiry(connection)?,
    };
    let leeway = Duration::from_secs(LEEWAY.into());
    Ok(last.map_or(by_the_rules, |last| last.max(by_the_rules)) + leeway)
}

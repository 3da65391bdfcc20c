use std::time::Duration;

use store::events::EventKind;
use store::keys::{self, KeyUse, WrappedKey};
use store::{Actor, AnyConnection, StoreError, UnixMillis};

use super::rotate::{Rotation, lock_and_check};
use super::{ImportedKey, KeyRing, KeysError, MasterKey, Urgency, wrap};

/// The outcome of importing a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyImport {
    /// It verifies.
    Verifies {
        /// Its id.
        id: String,
        /// Until when.
        until: UnixMillis,
    },
    /// It signs from then on.
    Signs {
        /// Its id.
        id: String,
        /// When it starts.
        signs_from: UnixMillis,
    },
    /// A key has this id already.
    IdTaken {
        /// The id.
        id: String,
    },
    /// Another key does not sign yet, or was created concurrently.
    RotationInProgress,
}

impl KeyRing {
    /// Adds a key for access tokens. A key that signs becomes the successor of the active key; a key
    /// that only verifies does so for `verify_for`.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub async fn import(
        &self,
        key: &ImportedKey,
        verify_for: Duration,
        actor: &Actor,
    ) -> Result<KeyImport, KeysError> {
        let now = self.ports.clock.now();
        let until = now + verify_for;
        let wrapped = self.wrap(key, until, now);
        let id = wrapped.id.clone();
        let wanted = id.clone();
        let is_taken = move |c: &mut _| Ok(keys::list(c)?.iter().any(|key| key.id == wanted));
        if self.ports.store.read(is_taken).await? {
            return Ok(KeyImport::IdTaken { id });
        }
        let import = if key.signs {
            match self.add_successor(wrapped, Urgency::Requested, now).await? {
                Rotation::Rotated { id, signs_from } => KeyImport::Signs { id, signs_from },
                Rotation::InProgress { .. } | Rotation::Overtaken => KeyImport::RotationInProgress,
            }
        } else {
            let master_key = self.master_key.clone();
            let add = move |c: &mut _| add_verifying(c, &master_key, &wrapped);
            match self.ports.store.transaction(add).await?? {
                true => KeyImport::Verifies { id, until },
                false => KeyImport::IdTaken { id },
            }
        };
        if let KeyImport::Verifies { id, .. } | KeyImport::Signs { id, .. } = &import {
            let event = self.ports.audit.event(EventKind::KeyImported).actor(actor);
            self.ports
                .audit
                .record(event.subject(format!("access key {id}")));
        }
        Ok(import)
    }

    fn wrap(&self, key: &ImportedKey, until: UnixMillis, now: UnixMillis) -> WrappedKey {
        let (id, key_use) = (key.id.to_string(), KeyUse::Access);
        let (jwk, nonce) = (key.jwk.as_bytes(), self.ports.entropy.bytes());
        WrappedKey {
            wrapped: wrap::wrap(&self.master_key, key_use, &id, jwk, nonce),
            id,
            key_use,
            algorithm: key.algorithm.name().to_owned(),
            created_at: now,
            signs_from: None,
            verifies_until: (!key.signs).then_some(until),
        }
    }
}

/// `false` if the id is taken.
fn add_verifying(
    connection: &mut AnyConnection,
    master_key: &MasterKey,
    key: &WrappedKey,
) -> Result<Result<bool, KeysError>, StoreError> {
    match lock_and_check(connection, master_key, key.key_use)? {
        Ok(_) => keys::add_verifying(connection, key).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

use std::sync::Arc;

use store::events::EventKind;
use store::keys::{self, WrappedKey};
use store::{Actor, AnyConnection, StoreError};
use zeroize::Zeroizing;

use super::{KeyRing, KeysError, MasterKey, wrap};
use crate::entropy::Entropy;

impl KeyRing {
    /// Wraps all keys under a new master key, or none, and returns how many were not under it before.
    /// Safe to run again.
    ///
    /// # Errors
    ///
    /// [`KeysError`]; nothing is changed then.
    pub async fn rewrap(&self, new: &MasterKey, actor: &Actor) -> Result<usize, KeysError> {
        let (old, new) = (self.master_key.clone(), new.clone());
        let entropy = self.ports.entropy.clone();
        let rewrap = move |c: &mut _| rewrap_all(c, &old, &new, &entropy);
        let rewrapped = self.ports.store.transaction(rewrap).await??;
        let event = self.ports.audit.event(EventKind::KeysRewrapped);
        let event = event.actor(actor).subject(rewrapped.to_string());
        self.ports.audit.record(event);
        Ok(rewrapped)
    }
}

fn rewrap_all(
    connection: &mut AnyConnection,
    old: &MasterKey,
    new: &MasterKey,
    entropy: &Arc<dyn Entropy>,
) -> Result<Result<usize, KeysError>, StoreError> {
    keys::lock(connection)?;
    let mut unwrapped = Vec::new();
    for key in keys::list(connection)? {
        if unwrap(new, &key).is_some() {
            continue;
        }
        if let Some(jwk) = unwrap(old, &key) {
            unwrapped.push((key, jwk));
        } else {
            return Ok(Err(KeysError::WrongMasterKey {
                key_use: key.key_use,
                id: key.id,
            }));
        }
    }
    let rewrapped = unwrapped.len();
    for (key, jwk) in unwrapped {
        let wrapped = wrap::wrap(new, key.key_use, &key.id, &jwk, entropy.bytes());
        keys::rewrap(connection, &key.id, &wrapped)?;
    }
    Ok(Ok(rewrapped))
}

fn unwrap(master_key: &MasterKey, key: &WrappedKey) -> Option<Zeroizing<Vec<u8>>> {
    wrap::unwrap(master_key, key.key_use, &key.id, &key.wrapped)
}

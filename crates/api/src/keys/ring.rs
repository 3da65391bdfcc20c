use std::collections::HashMap;

use jwt_core::{SigningKey, VerifyingKey};
use store::UnixMillis;
use store::keys::{KeyUse, WrappedKey};
use zeroize::Zeroizing;

use super::{KeysError, MasterKey, wrap};

/// All keys of one use that are in force: one signs, several verify.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The one that signs.
    pub signing: SigningKey,
    /// Those that verify, that one and those to come included.
    pub verifying: Vec<VerifyingKey>,
}

/// The rings of both uses.
#[derive(Clone, Debug)]
pub struct Rings {
    /// For access tokens.
    pub access: Ring,
    /// For refresh tokens.
    pub refresh: Ring,
}

/// Keys that were opened before, by id: opening costs, and after the master key was replaced those
/// known are still good.
#[derive(Default)]
pub(super) struct Opened(HashMap<String, Key>);

#[derive(Clone)]
enum Key {
    Signs(SigningKey),
    Verifies(VerifyingKey),
}

impl Key {
    fn verifying_key(&self) -> VerifyingKey {
        match self {
            Key::Signs(key) => key.verifying_key(),
            Key::Verifies(key) => key.clone(),
        }
    }
}

impl Opened {
    /// Opens a key, unless that was done before.
    pub(super) fn open(
        &mut self,
        key: &WrappedKey,
        master_key: &MasterKey,
    ) -> Result<(), KeysError> {
        if !self.0.contains_key(&key.id) {
            let opened = open(key, master_key)?;
            self.0.insert(key.id.clone(), opened);
        }
        Ok(())
    }

    /// Forgets those that are not in the database any more.
    pub(super) fn keep(&mut self, keys: &[WrappedKey]) {
        self.0.retain(|id, _| keys.iter().any(|key| key.id == *id));
    }

    /// The rings at `now`, of those that were opened.
    pub(super) fn rings(&self, keys: &[WrappedKey], now: UnixMillis) -> Result<Rings, KeysError> {
        Ok(Rings {
            access: self.ring(keys, KeyUse::Access, now)?,
            refresh: self.ring(keys, KeyUse::Refresh, now)?,
        })
    }

    fn ring(
        &self,
        keys: &[WrappedKey],
        key_use: KeyUse,
        now: UnixMillis,
    ) -> Result<Ring, KeysError> {
        let mut ring: Vec<_> = keys
            .iter()
            .filter(|key| key.key_use == key_use && key.verifies(now))
            .filter_map(|key| Some((key.signs_from, self.0.get(&key.id)?)))
            .collect();
        ring.sort_by_key(|(signs_from, _)| *signs_from);
        let signing = ring.iter().filter_map(|(signs_from, key)| match key {
            Key::Signs(key) => signs_from.map(|from| (from, key)),
            Key::Verifies(_) => None,
        });
        // The newest whose time has come; with a clock that is behind, the first to come.
        let signing = signing
            .clone()
            .rfind(|(from, _)| *from <= now)
            .or_else(|| signing.clone().next());
        let (_, signing) = signing.ok_or(KeysError::Missing(key_use))?;
        Ok(Ring {
            signing: signing.clone(),
            verifying: ring.iter().map(|(_, key)| key.verifying_key()).collect(),
        })
    }
}

fn open(key: &WrappedKey, master_key: &MasterKey) -> Result<Key, KeysError> {
    let jwk = wrap::unwrap(master_key, key.key_use, &key.id, &key.wrapped);
    let jwk = jwk.ok_or_else(|| KeysError::WrongMasterKey {
        key_use: key.key_use,
        id: key.id.clone(),
    })?;
    let jwk = Zeroizing::new(String::from_utf8_lossy(&jwk).into_owned());
    let opened = match key.signs_from {
        Some(_) => SigningKey::from_jwk(&jwk).map(Key::Signs),
        None => VerifyingKey::from_jwk(&jwk)
            .or_else(|_| VerifyingKey::from_secret_jwk(&jwk))
            .map(Key::Verifies),
    };
    opened.map_err(|why| KeysError::Unreadable {
        key_use: key.key_use,
        id: key.id.clone(),
        why,
    })
}

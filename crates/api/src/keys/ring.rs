use std::collections::HashMap;

use jwt_core::{KeyError, SigningKey, VerifyingKey};
use serde::Deserialize;
use store::UnixMillis;
use store::keys::{KeyUse, WrappedKey};
use zeroize::Zeroizing;

use super::{KeysError, MasterKey, wrap};
use crate::tokens::{OlderKey, OlderTokens};

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
    /// For access tokens of the service that was here before.
    pub older: Vec<OlderKey>,
}

/// Keys that were opened before, by id: opening costs, and after the master key was replaced those
/// known are still good.
#[derive(Default)]
pub(super) struct Opened(HashMap<String, Key>);

#[derive(Clone)]
enum Key {
    Signs(SigningKey),
    Verifies(VerifyingKey),
    Older(OlderKey),
}

impl Key {
    fn verifying_key(&self) -> Option<VerifyingKey> {
        match self {
            Key::Signs(key) => Some(key.verifying_key()),
            Key::Verifies(key) => Some(key.clone()),
            Key::Older(_) => None,
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
            older: self.older(keys, now),
        })
    }

    fn older(&self, keys: &[WrappedKey], now: UnixMillis) -> Vec<OlderKey> {
        let verifying = keys.iter().filter(|key| key.verifies(now));
        let opened = verifying.filter_map(|key| self.0.get(&key.id));
        opened
            .filter_map(|key| match key {
                Key::Older(key) => Some(key.clone()),
                Key::Signs(_) | Key::Verifies(_) => None,
            })
            .collect()
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
            Key::Verifies(_) | Key::Older(_) => None,
        });
        // The newest whose time has come; with a clock that is behind, the first to come.
        let signing = signing
            .clone()
            .rfind(|(from, _)| *from <= now)
            .or_else(|| signing.clone().next());
        let (_, signing) = signing.ok_or(KeysError::Missing(key_use))?;
        Ok(Ring {
            signing: signing.clone(),
            verifying: ring
                .iter()
                .filter_map(|(_, key)| key.verifying_key())
                .collect(),
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
    read(key, &jwk).map_err(|why| KeysError::Unreadable {
        key_use: key.key_use,
        id: key.id.clone(),
        why,
    })
}

fn read(key: &WrappedKey, jwk: &str) -> Result<Key, KeyError> {
    if key.signs_from.is_some() {
        return SigningKey::from_jwk(jwk).map(Key::Signs);
    }
    let verifies = VerifyingKey::from_jwk(jwk).or_else(|_| VerifyingKey::from_secret_jwk(jwk))?;
    let beside: BesideTheJwk =
        serde_json::from_str(jwk).map_err(|_| KeyError::Malformed("older_tokens"))?;
    match beside.older_tokens {
        Some(tokens) => OlderKey::new(&key.id, verifies, tokens).map(Key::Older),
        None => Ok(Key::Verifies(verifies)),
    }
}

/// What an imported key is kept with, as one more member of its JWK.
#[derive(Deserialize)]
struct BesideTheJwk {
    older_tokens: Option<OlderTokens>,
}

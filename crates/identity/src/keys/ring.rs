use std::collections::HashMap;

use jwt_core::{KeyError, SigningKey, VerifyingKey};
use serde::Deserialize;
use store::UnixMillis;
use store::keys::{KeyUse, WrappedKey};
use zeroize::Zeroizing;

use super::legacy::{LegacyKey, LegacyTokens};
use super::{KeysError, MasterKey, wrap};

/// The keys of one use that are in force: one signs, several verify.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The key that signs.
    pub signing: SigningKey,
    /// The keys that verify, including the one that signs and the next one.
    pub verifying: Vec<VerifyingKey>,
}

/// The rings of both uses, and the legacy keys.
#[derive(Clone, Debug)]
pub struct Rings {
    /// The keys of access tokens.
    pub access: Ring,
    /// The keys of refresh tokens.
    pub refresh: Ring,
    /// The keys of legacy tokens.
    pub legacy: Vec<LegacyKey>,
}

/// Keys that were unwrapped before, by id. Unwrapping takes time, and keys that are known stay usable
/// after the master key was replaced.
#[derive(Default)]
pub(super) struct Opened(HashMap<String, Key>);

#[derive(Clone)]
enum Key {
    Signs(SigningKey),
    Verifies(VerifyingKey),
    Legacy(LegacyKey),
}

impl Key {
    fn verifying_key(&self) -> Option<VerifyingKey> {
        match self {
            Key::Signs(key) => Some(key.verifying_key()),
            Key::Verifies(key) => Some(key.clone()),
            Key::Legacy(_) => None,
        }
    }
}

impl Opened {
    /// Unwraps a key, unless that was done before.
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

    /// Forgets keys that are no longer in the database.
    pub(super) fn keep(&mut self, keys: &[WrappedKey]) {
        self.0.retain(|id, _| keys.iter().any(|key| key.id == *id));
    }

    /// The rings at `now`, of the keys that were unwrapped.
    pub(super) fn rings(&self, keys: &[WrappedKey], now: UnixMillis) -> Result<Rings, KeysError> {
        Ok(Rings {
            access: self.ring(keys, KeyUse::Access, now)?,
            refresh: self.ring(keys, KeyUse::Refresh, now)?,
            legacy: self.legacy(keys, now),
        })
    }

    fn legacy(&self, keys: &[WrappedKey], now: UnixMillis) -> Vec<LegacyKey> {
        let verifying = keys.iter().filter(|key| key.verifies(now));
        let opened = verifying.filter_map(|key| self.0.get(&key.id));
        opened
            .filter_map(|key| match key {
                Key::Legacy(key) => Some(key.clone()),
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
            Key::Verifies(_) | Key::Legacy(_) => None,
        });
        // The newest key whose time has come; if the clock is behind, the first one.
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
    let beside: StoredShape =
        serde_json::from_str(jwk).map_err(|_| KeyError::Malformed("legacy_tokens"))?;
    match beside.legacy_tokens {
        Some(tokens) => LegacyKey::new(&key.id, verifies, tokens).map(Key::Legacy),
        None => Ok(Key::Verifies(verifies)),
    }
}

/// The shape of legacy tokens, stored as one more member of the JWK.
#[derive(Deserialize)]
struct StoredShape {
    // The first name that it had: a replica that did not know the name would take the key for one of
    // ours.
    #[serde(rename = "older_tokens")]
    legacy_tokens: Option<LegacyTokens>,
}

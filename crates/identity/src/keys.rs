//! Signing keys: kept in the database, wrapped under the master key. ARCHITECTURE "Keys" describes the
//! life of a key.

mod error;
mod follow;
mod generate;
mod import;
mod imported_key;
mod legacy;
mod master_key;
mod rewrap;
mod ring;
mod rotate;
mod state;
mod wrap;

use std::sync::Arc;
use std::time::Duration;

use jwt_core::Algorithm;
use store::keys::{self, KeyUse, WrappedKey};
use store::{Store, UnixMillis};

use crate::entropy::Entropy;
use crate::ports::Ports;

pub use error::KeysError;
pub use follow::KeyFollower;
pub use import::KeyImport;
pub use imported_key::{ImportedKey, InvalidKey, KeyForm};
pub use legacy::{LegacyClaims, LegacyKey, LegacyTokens};
pub use master_key::{InvalidMasterKey, MasterKey, MasterKeyError, MasterKeySource};
pub use ring::{Ring, Rings};
pub use rotate::{Rotation, Urgency};
pub use state::{KeyState, ListedKey};

/// The settings of the key ring.
#[derive(Clone, Copy, Debug)]
pub struct KeyRules {
    /// The algorithm of the next key for access tokens; `None` is that of the key before, and ES256 for the
    /// first key: most verifiers know it.
    pub algorithm: Option<Algorithm>,
    /// The age at which a key is rotated; `None` is never.
    pub rotate_every: Option<Duration>,
    /// How long a key is published before it signs.
    pub publish_ahead: Duration,
    /// The lifetime of access tokens.
    pub access_ttl: Duration,
    /// The maximum lifetime of sessions.
    pub session_ttl: Duration,
}

impl KeyRules {
    /// The algorithm of the successor of `newest`. Only this service verifies refresh tokens, so they always
    /// use an HMAC.
    fn algorithm(&self, key_use: KeyUse, newest: Option<&WrappedKey>) -> Algorithm {
        let of_newest = || newest.and_then(|key| key.algorithm.parse().ok());
        match key_use {
            KeyUse::Access => self
                .algorithm
                .or_else(of_newest)
                .unwrap_or(Algorithm::ES256),
            KeyUse::Refresh => Algorithm::HS256,
        }
    }

    /// The maximum lifetime of a token.
    fn lifetime(&self, key_use: KeyUse) -> Duration {
        match key_use {
            KeyUse::Access => self.access_ttl,
            KeyUse::Refresh => self.session_ttl,
        }
    }
}

/// Changes the key ring: rotates, imports and rewraps keys.
#[derive(Clone)]
pub struct KeyRing {
    ports: Ports,
    master_key: MasterKey,
    rules: KeyRules,
}

impl KeyRing {
    /// The key ring in the database, whose keys `master_key` wraps.
    pub fn new(ports: Ports, master_key: MasterKey, rules: KeyRules) -> Self {
        Self {
            ports,
            master_key,
            rules,
        }
    }

    /// A function that returns the key ring until the audit trail is dropped elsewhere.
    pub fn downgrade(self) -> impl Fn() -> Option<KeyRing> {
        let Ports {
            store,
            audit,
            clock,
            entropy,
        } = self.ports;
        let (audit, master_key, rules) = (Arc::downgrade(&audit), self.master_key, self.rules);
        move || {
            let ports = Ports {
                store: store.clone(),
                audit: audit.upgrade()?,
                clock: clock.clone(),
                entropy: entropy.clone(),
            };
            Some(KeyRing::new(ports, master_key.clone(), rules))
        }
    }
}

/// Creates the first key of each use that has none.
///
/// # Errors
///
/// [`KeysError`].
pub fn create_first_keys(
    store: &Store,
    master_key: &MasterKey,
    rules: &KeyRules,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<(), KeysError> {
    for key_use in KeyUse::ALL.iter().copied() {
        if store.read(|c| keys::newest(c, key_use))?.is_none() {
            let algorithm = rules.algorithm(key_use, None);
            let mut first = new_key(master_key, key_use, algorithm, entropy, now)?;
            first.signs_from = Some(now);
            // If another replica was faster, its key is used.
            store.write(move |c| keys::add_first(c, &first))?;
        }
    }
    Ok(())
}

/// Generates a key.
fn new_key(
    master_key: &MasterKey,
    key_use: KeyUse,
    algorithm: Algorithm,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<WrappedKey, KeysError> {
    let key = generate::generate(algorithm)?;
    let id = key.id().ok_or(KeysError::Missing(key_use))?.to_string();
    let jwk = key.dangerous_private_jwk();
    Ok(WrappedKey {
        wrapped: wrap::wrap(master_key, key_use, &id, jwk.as_bytes(), entropy.bytes()),
        id,
        key_use,
        algorithm: algorithm.name().to_owned(),
        created_at: now,
        signs_from: None,
        verifies_until: None,
    })
}

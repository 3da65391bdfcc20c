//! The key ring: the keys that sign and verify tokens, kept in the database, wrapped under the
//! master key. ARCHITECTURE "Keys" tells the life of one.

mod follow;
mod import;
mod master_key;
mod rewrap;
mod ring;
mod rotate;
mod wrap;

use std::time::Duration;

use jwt_core::{Algorithm, KeyError, SigningKey};
use store::keys::{self, KeyUse, WrappedKey};
use store::{Store, StoreError, UnixMillis};
use thiserror::Error;

use crate::entropy::Entropy;

pub use follow::Keys;
pub use import::{Imported, ImportedKey, InvalidKey, KeyForm, import};
pub use master_key::{InvalidMasterKey, MasterKey, MasterKeyError, MasterKeySource};
pub use rewrap::{Rewrapped, rewrap};
pub use ring::{Ring, Rings};
pub use rotate::{Rotation, rotate};

/// What the key ring keeps to.
#[derive(Clone, Copy, Debug)]
pub struct KeyRules {
    /// The algorithm of the next key for access tokens.
    pub algorithm: Algorithm,
    /// After how long a key has a successor; `None` is never by itself.
    pub rotate_every: Option<Duration>,
    /// How long a key is published before it signs.
    pub publish_ahead: Duration,
    /// How long an access token is good.
    pub access_ttl: Duration,
    /// How long a session lasts.
    pub session_ttl: Duration,
}

/// Why there are no keys to sign with.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key is not the one that the keys are wrapped under.
    #[error(
        "the master key does not open the {key_use} key {id} in the database: it is not the one \
         that this database was set up with, or it was replaced (`symbolon keys rewrap`). Give \
         the right one through SYMBOLON_MASTER_KEY or SYMBOLON_MASTER_KEY_FILE"
    )]
    WrongMasterKey {
        /// What the key is for.
        key_use: KeyUse,
        /// Its id.
        id: String,
    },
    /// A key was made by another version.
    #[error("the {key_use} key {id} in the database is not one that this version can read: {why}")]
    Unreadable {
        /// What the key is for.
        key_use: KeyUse,
        /// Its id.
        id: String,
        /// What is wrong with it.
        why: KeyError,
    },
    /// There is no randomness, or no such algorithm.
    #[error("a key for {algorithm} cannot be made: {why}")]
    NotMade {
        /// What it was to be for.
        algorithm: Algorithm,
        /// Why.
        why: KeyError,
    },
    /// Nothing signs.
    #[error("the database has no {0} key that signs")]
    Missing(KeyUse),
}

impl KeyRules {
    /// The algorithm of the next key. Only we verify refresh tokens, so theirs is always an HMAC.
    fn algorithm(&self, key_use: KeyUse) -> Algorithm {
        match key_use {
            KeyUse::Access => self.algorithm,
            KeyUse::Refresh => Algorithm::HS256,
        }
    }

    /// How long a token lives, at most.
    fn lifetime(&self, key_use: KeyUse) -> Duration {
        match key_use {
            KeyUse::Access => self.access_ttl,
            KeyUse::Refresh => self.session_ttl,
        }
    }
}

/// Makes the first key of each use that has none.
///
/// # Errors
///
/// [`KeysError`].
pub fn make_first_keys(
    store: &Store,
    master_key: &MasterKey,
    rules: &KeyRules,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<(), KeysError> {
    for key_use in KeyUse::ALL {
        if store.read(|c| keys::newest(c, key_use))?.is_none() {
            let mut first = new_key(master_key, key_use, rules, entropy, now)?;
            first.signs_from = Some(now);
            // If another replica was faster, its key is the one.
            store.write(move |c| keys::add_first(c, &first))?;
        }
    }
    Ok(())
}

/// A key that was made just now, for its place in the ring.
fn new_key(
    master_key: &MasterKey,
    key_use: KeyUse,
    rules: &KeyRules,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<WrappedKey, KeysError> {
    let algorithm = rules.algorithm(key_use);
    let not_made = |why| KeysError::NotMade { algorithm, why };
    let key = SigningKey::generate(algorithm).map_err(not_made)?;
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

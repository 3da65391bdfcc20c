//! The keys that sign tokens: kept in the database, wrapped under the master key.

mod master_key;
mod wrap;

use std::sync::Arc;

use jwt_core::{HmacAlgorithm, KeyId, SigningKey};
use store::keys::{self, KeyUse, WrappedKey};
use store::{Store, StoreError, UnixMillis};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::base64url;
use crate::entropy::Entropy;

pub use master_key::{InvalidMasterKey, MasterKey, MasterKeyError, MasterKeySource};

/// The keys that sign now.
#[derive(Debug)]
pub struct SigningKeys {
    /// Signs access tokens.
    pub access: SigningKey,
    /// Signs refresh tokens.
    pub refresh: SigningKey,
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
         that this database was set up with. Give that one through SYMBOLON_MASTER_KEY or \
         SYMBOLON_MASTER_KEY_FILE"
    )]
    WrongMasterKey {
        /// What the key is for.
        key_use: KeyUse,
        /// Its id.
        id: String,
    },
    /// A key was made by another version.
    #[error("the key {id} in the database is for {algorithm}, which this version cannot sign with")]
    UnknownAlgorithm {
        /// Its id.
        id: String,
        /// What it is for.
        algorithm: String,
    },
}

/// The algorithm of refresh tokens. Only we verify them, so it is always an HMAC.
const REFRESH_ALGORITHM: HmacAlgorithm = HmacAlgorithm::HS256;

impl SigningKeys {
    /// Those of the database; on the first start they are made.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn load_or_make(
        store: &Store,
        master_key: &MasterKey,
        access_algorithm: HmacAlgorithm,
        entropy: &Arc<dyn Entropy>,
        now: UnixMillis,
    ) -> Result<Self, KeysError> {
        let load = |key_use, algorithm| {
            let key = active_or_new(store, master_key, key_use, algorithm, &**entropy, now)?;
            unwrap(master_key, &key)
        };
        Ok(Self {
            access: load(KeyUse::Access, access_algorithm)?,
            refresh: load(KeyUse::Refresh, REFRESH_ALGORITHM)?,
        })
    }
}

fn active_or_new(
    store: &Store,
    master_key: &MasterKey,
    key_use: KeyUse,
    algorithm: HmacAlgorithm,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<WrappedKey, StoreError> {
    if let Some(key) = store.read(|c| keys::active(c, key_use))? {
        return Ok(key);
    }
    let id = base64url::encode(&entropy.bytes::<12>());
    let secret = Zeroizing::new(entropy.bytes::<64>());
    let new = WrappedKey {
        wrapped: wrap::wrap(master_key, key_use, &id, &*secret, entropy.bytes()),
        id,
        key_use,
        algorithm: algorithm.name().to_owned(),
        created_at: now,
    };
    let added = new.clone();
    if store.write(move |c| keys::add_active(c, &added))? {
        return Ok(new);
    }
    // Another replica was faster: its key is the one.
    store
        .read(|c| keys::active(c, key_use))?
        .ok_or(StoreError::Unreadable("key"))
}

fn unwrap(master_key: &MasterKey, key: &WrappedKey) -> Result<SigningKey, KeysError> {
    let wrong_master_key = || KeysError::WrongMasterKey {
        key_use: key.key_use,
        id: key.id.clone(),
    };
    let secret = wrap::unwrap(master_key, key.key_use, &key.id, &key.wrapped)
        .ok_or_else(wrong_master_key)?;
    let algorithm =
        key.algorithm
            .parse::<HmacAlgorithm>()
            .map_err(|_| KeysError::UnknownAlgorithm {
                id: key.id.clone(),
                algorithm: key.algorithm.clone(),
            })?;
    let unreadable = |_| KeysError::Store(StoreError::Unreadable("key"));
    let id = KeyId::new(key.id.as_str()).map_err(unreadable)?;
    SigningKey::from_secret(algorithm, &secret, Some(id)).map_err(unreadable)
}

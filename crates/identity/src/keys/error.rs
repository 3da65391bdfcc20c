use jwt_core::{Algorithm, KeyError};
use store::StoreError;
use store::keys::KeyUse;
use thiserror::Error;

use crate::failure::Failure;

/// Why the key ring cannot be loaded or changed.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The call failed.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The keys are wrapped under another master key.
    #[error(
        "the master key does not unwrap the {key_use} key {id} in the database: it is not the one \
         that this database was set up with, or it was replaced (`symbolon keys rewrap`). Provide \
         the right one in SYMBOLON_MASTER_KEY or SYMBOLON_MASTER_KEY_FILE"
    )]
    WrongMasterKey {
        /// The use of the key.
        key_use: KeyUse,
        /// Its id.
        id: String,
    },
    /// A key was created by another version.
    #[error("this version cannot read the {key_use} key {id} in the database: {why}")]
    Unreadable {
        /// The use of the key.
        key_use: KeyUse,
        /// Its id.
        id: String,
        /// Why.
        why: KeyError,
    },
    /// A key cannot be generated: there is no randomness, or no such algorithm.
    #[error("cannot generate a key for {algorithm}: {why}")]
    NotGenerated {
        /// The algorithm.
        algorithm: Algorithm,
        /// Why.
        why: KeyError,
    },
    /// No key signs.
    #[error("the database has no {0} key that signs")]
    Missing(KeyUse),
}

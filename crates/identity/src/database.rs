//! Opening the database.

use std::io;
use std::path::PathBuf;

use store::{DatabaseUrl, Store, StoreError, StoreOptions, migrations};
use thiserror::Error;

use crate::private_dir;

/// Which database, and how it is opened.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where it is.
    pub url: DatabaseUrl,
    /// How it is opened.
    pub options: StoreOptions,
}

/// Why the database cannot be opened.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The directory of the file cannot be created.
    #[error("cannot create the directory of {file}: {error}")]
    Directory {
        /// The database file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Database {
    /// Migrates the database and opens it; returns the migrations that ran.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub fn open(&self) -> Result<(Store, Vec<String>), DatabaseError> {
        if let DatabaseUrl::Sqlite(file) = &self.url {
            private_dir::make_parent(file).map_err(|error| DatabaseError::Directory {
                file: file.clone(),
                error,
            })?;
        }
        let migrated = migrations::run(&self.url, &self.options)?;
        Ok((Store::open(&self.url, self.options)?, migrated))
    }
}

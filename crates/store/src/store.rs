use std::sync::Arc;

use diesel::prelude::*;

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;
use crate::pool::Pool;
use crate::sqlite_writer::Writer;

/// The database. Calls block; clones share it.
///
/// A call with several statements that must all happen, or none, is a
/// [`transaction`](Store::transaction); one that changes something in one statement is a
/// [`write`](Store::write), which on PostgreSQL saves the round trips of a transaction; one that
/// changes nothing is a [`read`](Store::read), which never waits for a writer.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

/// What a store is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Connections that wait for work.
    pub idle: usize,
    /// Connections at work; of SQLite, those that read.
    pub busy: usize,
    /// Transactions that the one writer of SQLite has committed; none on PostgreSQL.
    pub commits: u64,
    /// Changes in them.
    pub changes: u64,
}

enum Backend {
    Sqlite { writer: Writer, readers: Pool },
    Postgres { pool: Pool, watch: Pool },
}

impl Store {
    /// Opens a database; its tables are made by [`migrations::run`](crate::migrations::run).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, StoreError> {
        let pool = |access| Pool::open(url.clone(), access, options);
        let backend = match url {
            DatabaseUrl::Sqlite(_) => Backend::Sqlite {
                writer: Writer::start(AnyConnection::open(url, Access::Write, &options)?)?,
                readers: pool(Access::Read)?,
            },
            DatabaseUrl::Postgres(_) => Backend::Postgres {
                pool: pool(Access::Write)?,
                watch: Pool::open(url.clone(), Access::Read, options.with_one_connection())?,
            },
        };
        Ok(Self(Arc::new(backend)))
    }

    /// What it is doing now.
    pub fn state(&self) -> StoreState {
        let (pool, (commits, changes)) = match &*self.0 {
            Backend::Sqlite { writer, readers } => (readers, writer.written()),
            Backend::Postgres { pool, .. } => (pool, (0, 0)),
        };
        let (idle, busy) = pool.connections();
        StoreState {
            idle,
            busy,
            commits,
            changes,
        }
    }

    /// Runs what only reads.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn read<T>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { readers, .. } => readers.run(f),
            Backend::Postgres { pool, .. } => pool.run(f),
        }
    }

    /// Runs what only reads, on a connection that is kept for it: it does not wait for what others
    /// do. (Readers of SQLite never wait.)
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn watch<T>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { readers, .. } => readers.run(f),
            Backend::Postgres { watch, .. } => watch.run(f),
        }
    }

    /// Runs what changes something in one statement, and returns after the commit.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { writer, .. } => writer.run(f),
            Backend::Postgres { pool, .. } => pool.run(f),
        }
    }

    /// Runs several statements as one, and returns after the commit. When `f` returns an error,
    /// nothing is changed.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn transaction<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { writer, .. } => writer.run_atomically(f),
            Backend::Postgres { pool, .. } => pool.run(|connection| connection.transaction(f)),
        }
    }
}

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use diesel::prelude::*;

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;
use crate::pool::Pool;
use crate::sqlite_writer::Writer;

/// The database. Calls block; clones share it.
///
/// Use [`transaction`](Store::transaction) for several statements that must all happen or none,
/// [`write`](Store::write) for a single statement that changes something (on PostgreSQL this saves
/// the round trips of a transaction), and [`read`](Store::read) for statements that change nothing,
/// which never wait for a writer. After a deadlock or a conflict with concurrent changes, a call is made
/// again.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

/// Figures about a store, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Idle connections.
    pub idle: usize,
    /// Connections in use; for SQLite, those of readers.
    pub busy: usize,
    /// Transactions committed by SQLite's one writer; 0 on PostgreSQL.
    pub commits: u64,
    /// Changes in those transactions.
    pub changes: u64,
}

enum Backend {
    Sqlite {
        file: PathBuf,
        writer: Writer,
        readers: Pool,
    },
    Postgres {
        pool: Pool,
        reserved: Pool,
    },
}

impl Backend {
    fn naming_the_file<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        outcome.map_err(|error| self.naming_the_file_in(error))
    }

    /// SQLite's errors name no file.
    fn naming_the_file_in(&self, error: StoreError) -> StoreError {
        match (self, error) {
            (Backend::Sqlite { file, .. }, StoreError::Unavailable(why)) => {
                let file = file.display().to_string();
                StoreError::Unavailable(if why.starts_with(&file) {
                    why
                } else {
                    format!("{file}: {why}")
                })
            }
            (_, error) => error,
        }
    }
}

impl Store {
    /// Opens a database whose tables [`migrations::run`](crate::migrations::run) has created.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self, StoreError> {
        let pool = |access| Pool::open(url.clone(), access, options);
        let backend = match url {
            DatabaseUrl::Sqlite(file) => Backend::Sqlite {
                file: file.clone(),
                writer: Writer::start(AnyConnection::open(url, Access::Write, &options)?)?,
                readers: pool(Access::Read)?,
            },
            DatabaseUrl::Postgres(_) => Backend::Postgres {
                pool: pool(Access::Write)?,
                reserved: Pool::open(url.clone(), Access::Read, options.with_one_connection())?,
            },
        };
        Ok(Self(Arc::new(backend)))
    }

    /// Its current figures.
    pub fn state(&self) -> StoreState {
        let (pool, (commits, changes)) = match &*self.0 {
            Backend::Sqlite {
                writer, readers, ..
            } => (readers, writer.written()),
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

    /// Runs statements that only read.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn read<T>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = match &*self.0 {
            Backend::Sqlite { readers, .. } => readers.run(f),
            Backend::Postgres { pool, .. } => pool.run(f),
        };
        self.0.naming_the_file(outcome)
    }

    /// Runs a read of a background task on a connection reserved for such reads, so that it never
    /// waits for a connection of the pool. (Readers of SQLite never wait.)
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn poll<T>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let outcome = match &*self.0 {
            Backend::Sqlite { readers, .. } => readers.run(f),
            Backend::Postgres { reserved, .. } => reserved.run(f),
        };
        self.0.naming_the_file(outcome)
    }

    /// Runs one statement that changes something, and returns after the commit.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { .. } => self.wait(|done| self.write_then(f, done)),
            Backend::Postgres { pool, .. } => pool.run(f),
        }
    }

    /// Runs several statements in one transaction, and returns after the commit. If `f` returns an
    /// error, the transaction is rolled back.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn transaction<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { .. } => self.wait(|done| self.transaction_then(f, done)),
            Backend::Postgres { pool, .. } => pool.run(|c| c.transaction(&f)),
        }
    }

    /// Runs statements as [`transaction`](Store::transaction) does, then rolls them back: the result
    /// says what would have happened.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`StoreError::Unavailable`].
    pub fn dry_run<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &*self.0 {
            Backend::Sqlite { writer, .. } => {
                self.wait(|done| writer.run_and_roll_back(f, self.naming_the_file(done)))
            }
            Backend::Postgres { pool, .. } => pool.run(|c| roll_back(c, &f)),
        }
    }

    /// That a change was lost on its way to the commit.
    pub fn lost(&self) -> StoreError {
        let why = "the transaction was not committed".into();
        self.0.naming_the_file_in(StoreError::Unavailable(why))
    }

    /// Starts a change, and waits for its outcome.
    fn wait<T: Send + 'static>(
        &self,
        start: impl FnOnce(Box<dyn FnOnce(Result<T, StoreError>) + Send>) -> Result<(), StoreError>,
    ) -> Result<T, StoreError> {
        let (sender, outcome) = sync_channel(1);
        let started = start(Box::new(move |outcome| {
            // The caller no longer waits; the change stays.
            let _ = sender.send(outcome);
        }));
        self.0.naming_the_file(started)?;
        outcome.recv().map_err(|_| self.lost())?
    }

    /// `done`, for outcomes whose errors do not name the file yet.
    fn naming_the_file<T>(
        &self,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> impl FnOnce(Result<T, StoreError>) + Send + 'static {
        let backend = self.0.clone();
        move |outcome| done(backend.naming_the_file(outcome))
    }

    /// Whether changes are queued for one writer, as SQLite has it. Then the calls that take a `done` do not
    /// block, and no thread has to wait for them.
    pub fn queues_changes(&self) -> bool {
        matches!(*self.0, Backend::Sqlite { .. })
    }

    /// As [`write`](Store::write), but the outcome goes to `done`, which is dropped if the change was lost
    /// on its way to the commit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if too many changes wait.
    pub fn write_then<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        match &*self.0 {
            Backend::Sqlite { writer, .. } => {
                let queued = writer.run(f, self.naming_the_file(done));
                self.0.naming_the_file(queued)
            }
            Backend::Postgres { .. } => {
                done(self.write(f));
                Ok(())
            }
        }
    }

    /// As [`transaction`](Store::transaction), but the outcome goes to `done`, as with
    /// [`write_then`](Store::write_then).
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if too many changes wait.
    pub fn transaction_then<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        match &*self.0 {
            Backend::Sqlite { writer, .. } => {
                let queued = writer.run_atomically(f, self.naming_the_file(done));
                self.0.naming_the_file(queued)
            }
            Backend::Postgres { .. } => {
                done(self.transaction(f));
                Ok(())
            }
        }
    }
}

/// Runs `f` in a transaction that never commits.
fn roll_back<T>(
    connection: &mut AnyConnection,
    f: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    struct RollBack<T>(Result<T, StoreError>);
    impl<T> From<diesel::result::Error> for RollBack<T> {
        fn from(error: diesel::result::Error) -> Self {
            RollBack(Err(error.into()))
        }
    }
    match connection.transaction(|connection| Err::<Infallible, _>(RollBack(f(connection)))) {
        Err(RollBack(outcome)) => outcome,
    }
}

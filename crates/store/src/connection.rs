//! A connection to either back end, so that queries are written once for both.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::prelude::*;

use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;
use crate::schema::users;

/// A connection to SQLite or PostgreSQL.
#[derive(diesel::MultiConnection)]
#[allow(missing_docs)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What a SQLite connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl AnyConnection {
    /// The derived `establish` would try both back ends in turn and hide why each failed.
    pub(crate) fn open(
        url: &DatabaseUrl,
        access: Access,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, access).map(AnyConnection::Sqlite),
            DatabaseUrl::Postgres(url) => {
                let mut postgres = PgConnection::establish(&url.with_timeouts())
                    .map_err(|error| StoreError::Unavailable(error.to_string()))?;
                limit_time(&mut postgres, options)?;
                if !options.prepared_statements {
                    postgres.set_prepared_statement_cache_size(CacheSize::Disabled);
                }
                Ok(AnyConnection::Postgres(postgres))
            }
        }
    }

    /// Locks the user's row until this transaction ends. SQLite has one writing transaction at a time
    /// anyway.
    pub(crate) fn lock_user(&mut self, id: &str) -> QueryResult<()> {
        if let AnyConnection::Postgres(postgres) = self {
            users::table
                .find(id)
                .select(users::id)
                .for_no_key_update()
                .execute(postgres)?;
        }
        Ok(())
    }
}

/// How long a transaction may keep its locks while this program does nothing with it.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// Behind a pooler, the settings go to the connection that it happens to have: the same for all of ours.
fn limit_time(postgres: &mut PgConnection, options: &StoreOptions) -> QueryResult<()> {
    postgres.batch_execute(&format!(
        "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        options.statement_timeout.as_millis(),
        IDLE_IN_TRANSACTION.as_millis()
    ))
}

fn open_sqlite(path: &Path, access: Access) -> Result<SqliteConnection, StoreError> {
    let text = path
        .to_str()
        .ok_or_else(|| StoreError::Unavailable("the path of the file is not UTF-8".into()))?;
    let unavailable = |why: &dyn Display| StoreError::Unavailable(format!("{text}: {why}"));
    make_file(path).map_err(|error| unavailable(&error))?;
    let mut sqlite = SqliteConnection::establish(text).map_err(|error| unavailable(&error))?;
    set_up(&mut sqlite, access).map_err(|error| unavailable(&error))?;
    Ok(sqlite)
}

fn set_up(sqlite: &mut SqliteConnection, access: Access) -> Result<(), Box<dyn std::error::Error>> {
    sqlite.batch_execute("PRAGMA busy_timeout = 5000;")?;
    let mode = switch_to_wal(sqlite)?;
    if mode != "wal" {
        return Err(
            "SQLite cannot use a write-ahead log here; the file system may have no shared memory. Put the file on \
             a local disk"
                .into(),
        );
    }
    // `FULL` syncs the log at each commit, so that acknowledged changes survive a power cut. Rollback
    // data stays in memory, because a container may have no directory for temporary files.
    sqlite.batch_execute(
        "PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = ON;",
    )?;
    if access == Access::Read {
        sqlite.batch_execute("PRAGMA query_only = ON;")?;
    }
    Ok(())
}

/// Creates the file so that only its owner can read it, because it holds password hashes. SQLite gives
/// its other files the same mode. An existing file is not even opened: closing it would release the
/// locks of this process's other connections (POSIX advisory locks).
fn make_file(path: &Path) -> io::Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Switches to write-ahead logging, in which readers and the writer do not wait for each other, and returns
/// the mode that is in force then. The switch itself, on the first start, ignores the busy timeout.
fn switch_to_wal(sqlite: &mut SqliteConnection) -> QueryResult<String> {
    #[derive(QueryableByName)]
    struct Mode {
        #[diesel(sql_type = diesel::sql_types::Text)]
        journal_mode: String,
    }
    let mut attempts = 0;
    loop {
        let mode = diesel::sql_query("PRAGMA journal_mode = WAL").get_result::<Mode>(sqlite);
        attempts += 1;
        if mode.is_ok() || attempts == 100 {
            return mode.map(|mode| mode.journal_mode);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

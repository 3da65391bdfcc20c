//! One connection to either back end. Queries are written once, for both; where SQL must differ,
//! it differs here.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
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
    /// The derived `establish` would try one back end after the other and hide why each failed.
    pub(crate) fn open(url: &DatabaseUrl, access: Access) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, access).map(AnyConnection::Sqlite),
            DatabaseUrl::Postgres(url) => PgConnection::establish(url)
                .map(AnyConnection::Postgres)
                .map_err(|error| StoreError::Unavailable(error.to_string())),
        }
    }

    /// Until this transaction ends, the user's row stays as it is: who wants to change it waits.
    /// A writing transaction on SQLite is alone anyway.
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

fn open_sqlite(path: &Path, access: Access) -> Result<SqliteConnection, StoreError> {
    let path = path
        .to_str()
        .ok_or_else(|| StoreError::Unavailable("the path of the file is not UTF-8".into()))?;
    let mut connection = SqliteConnection::establish(path)
        .map_err(|error| StoreError::Unavailable(format!("{path}: {error}")))?;
    // The timeout comes first: switching to WAL may have to wait already. `FULL` syncs the log
    // at each commit: what was answered survives a power cut.
    connection.batch_execute(
        "PRAGMA busy_timeout = 5000;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;",
    )?;
    if access == Access::Read {
        connection.batch_execute("PRAGMA query_only = ON;")?;
    }
    Ok(connection)
}

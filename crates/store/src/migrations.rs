//! The tables, made and brought up to date. Migrations are compiled in.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// "symbolon" in hexadecimal: any number would do that no other program on the database uses.
const ADVISORY_LOCK: i64 = 0x7379_6d62_6f6c_6f6e;

/// Runs the migrations that have not run yet and returns their names. Several processes may do
/// so at once: one works, the others wait and find nothing left to do.
///
/// # Errors
///
/// [`StoreError::Unavailable`] or [`StoreError::Migration`]; nothing is changed then.
pub fn run(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
    match AnyConnection::open(url, Access::Write)? {
        AnyConnection::Sqlite(mut sqlite) => {
            sqlite.immediate_transaction(|sqlite| run_pending(sqlite, SQLITE))
        }
        AnyConnection::Postgres(mut postgres) => postgres.transaction(|postgres| {
            // A transaction's lock, as a session's would outlive it behind a pooler.
            diesel::select(pg_advisory_xact_lock(ADVISORY_LOCK)).execute(postgres)?;
            run_pending(postgres, POSTGRES)
        }),
    }
}

/// Whether all migrations have run.
///
/// # Errors
///
/// [`StoreError::Unavailable`] or [`StoreError::Migration`].
pub fn are_complete(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let pending = match connection {
        AnyConnection::Sqlite(sqlite) => sqlite.has_pending_migration(SQLITE),
        AnyConnection::Postgres(postgres) => postgres.has_pending_migration(POSTGRES),
    };
    Ok(!pending.map_err(|error| StoreError::Migration(error.to_string()))?)
}

fn run_pending<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<Vec<String>, StoreError> {
    let done = connection
        .run_pending_migrations(migrations)
        .map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(done.iter().map(ToString::to_string).collect())
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Waits for the lock and holds it until the transaction ends.
    fn pg_advisory_xact_lock(key: BigInt);
}

//! The tables, made and brought up to date. Migrations are compiled in.

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;
use crate::schema::__diesel_schema_migrations;

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
pub fn run(url: &DatabaseUrl, options: &StoreOptions) -> Result<Vec<String>, StoreError> {
    // Where there is nothing to do, the right to make tables is not needed.
    let mut connection = AnyConnection::open(url, Access::Write, options)?;
    if are_complete(&mut connection).unwrap_or(false) {
        return Ok(Vec::new());
    }
    match connection {
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

/// Whether all migrations have run. An error where none has.
///
/// # Errors
///
/// [`StoreError`].
pub fn are_complete(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let known = match connection {
        AnyConnection::Sqlite(_) => versions::<Sqlite>(&SQLITE)?,
        AnyConnection::Postgres(_) => versions::<Pg>(&POSTGRES)?,
    };
    let applied: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(connection)?;
    Ok(known.iter().all(|version| applied.contains(version)))
}

fn versions<DB: Backend>(migrations: &EmbeddedMigrations) -> Result<Vec<String>, StoreError> {
    let migrations = MigrationSource::<DB>::migrations(migrations)
        .map_err(|error| StoreError::Migration(error.to_string()))?;
    let names = migrations.iter().map(|migration| migration.name());
    Ok(names.map(|name| name.version().to_string()).collect())
}

fn run_pending<DB: Backend>(
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

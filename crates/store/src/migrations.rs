//! Creates and migrates the tables. The migrations are compiled in.

mod state;

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
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

pub use state::{State, state};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// "symbolon" in hexadecimal. Any number works that no other program uses in this database.
const ADVISORY_LOCK: i64 = 0x7379_6d62_6f6c_6f6e;

/// Runs the pending migrations and returns their names. Several processes may call it concurrently:
/// one migrates, the others wait and then find nothing pending.
///
/// # Errors
///
/// [`StoreError::Unavailable`], or [`StoreError::Migration`], also for a database in which [`state`] finds
/// something wrong; nothing is changed then.
pub fn run(url: &DatabaseUrl, options: &StoreOptions) -> Result<Vec<String>, StoreError> {
    // If nothing is pending, the right to create tables is not needed.
    let mut connection = AnyConnection::open(url, Access::Write, options)?;
    if state(&mut connection)? == State::Complete {
        return Ok(Vec::new());
    }
    match connection {
        AnyConnection::Sqlite(mut sqlite) => {
            sqlite.immediate_transaction(|sqlite| run_pending(sqlite, SQLITE))
        }
        // Whatever the default of the database is: each statement must see what was committed before it got
        // the lock.
        AnyConnection::Postgres(mut postgres) => {
            let mut transaction = postgres.build_transaction().read_committed();
            transaction.run(|postgres| {
                // A large table takes its time.
                postgres.batch_execute("SET LOCAL statement_timeout = 0")?;
                // A lock of the transaction: behind a pooler, a lock of the session would outlive it.
                diesel::select(pg_advisory_xact_lock(ADVISORY_LOCK)).execute(postgres)?;
                run_pending(postgres, POSTGRES)
            })
        }
    }
}

/// Whether all migrations have run.
///
/// # Errors
///
/// [`StoreError`].
pub fn are_complete(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let (known, applied) = known_and_applied(connection)?;
    Ok(known.iter().all(|version| applied.contains(version)))
}

/// The versions of the migrations that are compiled in, and of those that have run.
fn known_and_applied(
    connection: &mut AnyConnection,
) -> Result<(Vec<String>, Vec<String>), StoreError> {
    let known = match connection {
        AnyConnection::Sqlite(_) => versions::<Sqlite>(&SQLITE)?,
        AnyConnection::Postgres(_) => versions::<Pg>(&POSTGRES)?,
    };
    let applied: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(connection)?;
    Ok((known, applied))
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
    /// Waits for the lock, and holds it until the transaction ends.
    fn pg_advisory_xact_lock(key: BigInt);
}

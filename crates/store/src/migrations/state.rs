//! What is in a database before it is migrated.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use super::known_and_applied;
use crate::connection::AnyConnection;
use crate::error::StoreError;

/// How far a database is migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has no tables.
    Empty,
    /// Some migrations have not run.
    Pending,
    /// All migrations have run.
    Complete,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// How far the database is migrated.
///
/// # Errors
///
/// [`StoreError::Migration`] if a newer version has migrated it, it belongs to another application, or it
/// cannot hold all text; [`StoreError`] if it cannot be read.
pub fn state(connection: &mut AnyConnection) -> Result<State, StoreError> {
    check_encoding(connection)?;
    let tables = tables(connection)?;
    let is_migrated = tables
        .iter()
        .any(|name| name == "__diesel_schema_migrations");
    if !is_migrated {
        return match tables.is_empty() {
            true => Ok(State::Empty),
            false => Err(foreign(&tables)),
        };
    }
    let (known, applied) = known_and_applied(connection)?;
    let newer = applied
        .iter()
        .filter(|version| !known.contains(version))
        .max();
    match newer {
        // Another application that uses Diesel.
        Some(_) if !applied.iter().any(|version| known.contains(version)) => Err(foreign(&tables)),
        Some(newer) => Err(StoreError::Migration(format!(
            "a newer version of Symbolon has migrated the database (migration {newer}); this is version {}, which \
             knows those up to {}. Start the newer version, or restore a backup",
            env!("CARGO_PKG_VERSION"),
            known.iter().max().map_or("none", String::as_str),
        ))),
        None if known.iter().all(|version| applied.contains(version)) => Ok(State::Complete),
        None => Ok(State::Pending),
    }
}

fn foreign(tables: &[String]) -> StoreError {
    let mut shown = tables.to_vec();
    shown.truncate(3);
    StoreError::Migration(format!(
        "it has tables of another application ({}{}). Give Symbolon a database of its own (DATABASE_URL), or on \
         PostgreSQL a schema (options=-c%20search_path%3Dsymbolon)",
        shown.join(", "),
        if tables.len() > shown.len() {
            ", …"
        } else {
            ""
        }
    ))
}

/// All tables but those of the database itself and of PostgreSQL's extensions.
fn tables(connection: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    let tables = match connection {
        AnyConnection::Sqlite(sqlite) => sql_query(
            "SELECT name AS word FROM sqlite_schema \
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
        .load::<Word>(sqlite)?,
        AnyConnection::Postgres(postgres) => sql_query(
            "SELECT relname::text AS word FROM pg_catalog.pg_class c \
             WHERE relkind IN ('r', 'p') \
                 AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) \
                 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
             ORDER BY relname",
        )
        .load::<Word>(postgres)?,
    };
    Ok(tables.into_iter().map(|table| table.word).collect())
}

/// SQLite always stores UTF-8.
fn check_encoding(connection: &mut AnyConnection) -> Result<(), StoreError> {
    let AnyConnection::Postgres(postgres) = connection else {
        return Ok(());
    };
    let encoding = sql_query("SELECT current_setting('server_encoding') AS word");
    let encoding = encoding.get_result::<Word>(postgres)?.word;
    match encoding.as_str() {
        "UTF8" => Ok(()),
        _ => Err(StoreError::Migration(format!(
            "its encoding is {encoding}, in which not all names can be stored; create it with \
             CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        ))),
    }
}

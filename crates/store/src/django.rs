//! Reads the users of a Django application directly from its PostgreSQL database.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Nullable, Text};

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;

/// A user as stored by Django.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct DjangoUser {
    /// The primary key.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The column `name`, or `username`.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// The column `email`.
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    /// The column `password`.
    #[diesel(sql_type = Nullable<Text>)]
    pub password: Option<String>,
    /// The column `is_active`; without that column, `true`.
    #[diesel(sql_type = Bool)]
    pub is_active: bool,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Why the users of a Django application cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DjangoError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The table does not exist, or lacks a column.
    #[error(
        "the database has no table {table} with the columns id, email, password, and name or \
         username"
    )]
    NoTable {
        /// Its name.
        table: String,
    },
}

/// All users in a table, in the order of their ids. Only reads.
///
/// # Errors
///
/// [`DjangoError`].
pub fn users(
    url: &DatabaseUrl,
    table: &str,
    options: &StoreOptions,
) -> Result<Vec<DjangoUser>, DjangoError> {
    let mut connection = AnyConnection::open(url, Access::Read, options)?;
    let columns = sql_query(
        "SELECT column_name::text AS name FROM information_schema.columns \
         WHERE table_name = $1 AND table_schema = ANY (current_schemas(false))",
    )
    .bind::<Text, _>(table)
    .load::<Column>(&mut connection)
    .map_err(StoreError::from)?;
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    let name = ["name", "username"].into_iter().find(|name| has(name));
    let (Some(name), true) = (
        name,
        ["id", "email", "password"].iter().all(|name| has(name)),
    ) else {
        return Err(DjangoError::NoTable {
            table: table.to_owned(),
        });
    };
    let is_active = if has("is_active") {
        "is_active"
    } else {
        "true"
    };
    // The table exists under exactly this name; quoted, it cannot be anything but a name.
    let table = table.replace('"', "\"\"");
    let users = sql_query(format!(
        "SELECT id::text AS id, {name} AS name, email, password, {is_active} AS is_active \
         FROM \"{table}\" ORDER BY \"{table}\".id"
    ));
    let users = users.load(&mut connection).map_err(StoreError::from)?;
    Ok(users)
}

//! Reads the users of a Django application directly from its PostgreSQL database.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;

#[derive(QueryableByName)]
struct User {
    #[diesel(sql_type = Text)]
    object: String,
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
    #[error("the database has no table {table} with the columns id, email and password")]
    NoTable {
        /// Its name.
        table: String,
    },
}

/// All users in a table, in the order of their ids, each as a JSON object of its columns. Only reads.
///
/// # Errors
///
/// [`DjangoError`].
pub fn users(
    url: &DatabaseUrl,
    table: &str,
    options: &StoreOptions,
) -> Result<Vec<String>, DjangoError> {
    let mut connection = AnyConnection::open(url, Access::Read, options)?;
    let columns = sql_query(
        "SELECT column_name::text AS name FROM information_schema.columns \
         WHERE table_name = $1 AND table_schema = ANY (current_schemas(false))",
    )
    .bind::<Text, _>(table)
    .load::<Column>(&mut connection)
    .map_err(StoreError::from)?;
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    if !["id", "email", "password"].iter().all(|name| has(name)) {
        return Err(DjangoError::NoTable {
            table: table.to_owned(),
        });
    }
    // The table exists under exactly this name; quoted, it cannot be anything but a name.
    let table = table.replace('"', "\"\"");
    let users = sql_query(format!(
        "SELECT to_jsonb(u)::text AS object FROM \"{table}\" u ORDER BY u.id"
    ));
    let users = users.load::<User>(&mut connection);
    let users = users.map_err(StoreError::from)?.into_iter();
    Ok(users.map(|user| user.object).collect())
}

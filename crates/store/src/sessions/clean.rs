//! Cleaning away what is of no use any more.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use super::{AnyConnection, StoreError, UnixMillis};

/// Deletes sessions that reached their end at `before` or earlier, at most `limit`, and returns
/// how many there were. All else about them has ended by then: a session's end never changes, and
/// no token of it is good for longer. On PostgreSQL nothing is waited for: rows that another
/// replica cleans are left to it.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_expired(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    let pass_over_locked = match connection {
        AnyConnection::Sqlite(_) => "",
        AnyConnection::Postgres(_) => "FOR UPDATE SKIP LOCKED",
    };
    let deleted = sql_query(format!(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 \
         ORDER BY expires_at LIMIT $2 {pass_over_locked})"
    ))
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}

//! Deleting expired sessions.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use super::{AnyConnection, StoreError, UnixMillis};

/// Deletes at most `limit` sessions that expired at `before` or earlier, and returns how many. Nothing
/// can need them any more: `expires_at` never changes, and no token of a session outlives it. The last
/// revocation stays, because [`last_revocation`](super::last_revocation) must never go back. On PostgreSQL
/// it never waits: rows that another replica is deleting are skipped.
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
         AND (revoked_at IS NULL OR revoked_at < (SELECT max(revoked_at) FROM sessions)) \
         ORDER BY expires_at LIMIT $2 {pass_over_locked})"
    ))
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}

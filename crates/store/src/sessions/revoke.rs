//! Revoking sessions.

use diesel::prelude::*;

use super::{
    Actor, AnyConnection, Revocation, RevokedReason, SessionId, StoreError, UnixMillis, UserId,
    sessions,
};

/// The columns of a revocation.
#[derive(AsChangeset)]
#[diesel(table_name = sessions)]
struct Columns {
    revoked_at: i64,
    revoked_reason: &'static str,
    revoked_by: Option<String>,
}

impl From<&Revocation> for Columns {
    fn from(revocation: &Revocation) -> Self {
        Self {
            revoked_at: revocation.at.as_millis(),
            revoked_reason: revocation.reason.as_str(),
            revoked_by: revocation.by.as_ref().map(ToString::to_string),
        }
    }
}

/// Revokes a session. `false` if it does not exist or was revoked before; the first reason stays.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke(
    connection: &mut AnyConnection,
    id: SessionId,
    revocation: &Revocation,
) -> Result<bool, StoreError> {
    let live = sessions::table
        .find(id.to_string())
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(Columns::from(revocation))
        .execute(connection)?;
    Ok(revoked > 0)
}

/// Revokes a session if it belongs to this user. `false` otherwise, and as with [`revoke`].
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke_of_user(
    connection: &mut AnyConnection,
    id: SessionId,
    user_id: &UserId,
    revocation: &Revocation,
) -> Result<bool, StoreError> {
    let live = sessions::table
        .find(id.to_string())
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::expires_at.gt(revocation.at.as_millis()))
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(Columns::from(revocation))
        .execute(connection)?;
    Ok(revoked > 0)
}

/// Revokes all sessions of a user except `keep`, and returns which. Requires a transaction: the
/// user's row is locked, so that two such calls cannot deadlock, and a concurrent sign-in is either
/// revoked too or comes later. Idle sessions are revoked too: by another machine's clock they may
/// not have expired yet.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke_all_of_user(
    connection: &mut AnyConnection,
    user_id: &UserId,
    keep: Option<SessionId>,
    revocation: &Revocation,
) -> Result<Vec<SessionId>, StoreError> {
    connection.lock_user(user_id.as_str())?;
    // No session has an empty id.
    let keep = keep.map_or_else(String::new, |id| id.to_string());
    let live = sessions::table
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::id.ne(keep))
        .filter(sessions::expires_at.gt(revocation.at.as_millis()))
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(Columns::from(revocation))
        .returning(sessions::id)
        .get_results::<String>(connection)?;
    super::ids(revoked)
}

/// Revokes the oldest live sessions of a user until `keep` are left, and returns which. Requires a
/// transaction that has locked the user's row.
pub(super) fn revoke_oldest(
    connection: &mut AnyConnection,
    user_id: &UserId,
    keep: u32,
    now: UnixMillis,
) -> Result<Vec<SessionId>, StoreError> {
    let too_many: Vec<String> = sessions::table
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::idle_expires_at.gt(now.as_millis()))
        .order(sessions::id.desc())
        .offset(keep.into())
        // SQLite refuses an offset without a limit.
        .limit(i64::MAX)
        .select(sessions::id)
        .load(connection)?;
    let revocation = Revocation::new(RevokedReason::SessionLimit, Actor::System, now);
    let mut revoked_ids = Vec::new();
    // A statement has a limited number of parameters.
    for some in too_many.chunks(500) {
        let live = sessions::table
            .filter(sessions::id.eq_any(some))
            .filter(sessions::revoked_at.is_null());
        let revoked = diesel::update(live)
            .set(Columns::from(&revocation))
            .returning(sessions::id)
            .get_results::<String>(connection)?;
        revoked_ids.extend(super::ids(revoked)?);
    }
    Ok(revoked_ids)
}

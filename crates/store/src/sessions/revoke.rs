use diesel::prelude::*;

use super::{AnyConnection, RevokedReason, SessionId, StoreError, UnixMillis, UserId, sessions};

/// Ends a session. `false` when there is none, or it has ended already: then the first reason
/// stays.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke(
    connection: &mut AnyConnection,
    id: SessionId,
    reason: RevokedReason,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let live = sessions::table
        .find(id.to_string())
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set((
            sessions::revoked_at.eq(now.as_millis()),
            sessions::revoked_reason.eq(reason.as_str()),
        ))
        .execute(connection)?;
    Ok(revoked > 0)
}

/// Ends all live sessions of a user, and returns how many.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke_all_of_user(
    connection: &mut AnyConnection,
    user_id: &UserId,
    reason: RevokedReason,
    now: UnixMillis,
) -> Result<usize, StoreError> {
    let live = sessions::table
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::expires_at.gt(now.as_millis()))
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set((
            sessions::revoked_at.eq(now.as_millis()),
            sessions::revoked_reason.eq(reason.as_str()),
        ))
        .execute(connection)?;
    Ok(revoked)
}

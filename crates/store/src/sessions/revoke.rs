//! Ending sessions before their time.

use diesel::prelude::*;

use super::{AnyConnection, RevokedReason, SessionId, StoreError, UnixMillis, UserId, sessions};

/// What is written into the row of a session that ends.
#[derive(AsChangeset)]
#[diesel(table_name = sessions)]
struct Revocation {
    revoked_at: i64,
    revoked_reason: &'static str,
}

impl Revocation {
    fn new(reason: RevokedReason, now: UnixMillis) -> Self {
        Self {
            revoked_at: now.as_millis(),
            revoked_reason: reason.as_str(),
        }
    }
}

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
        .set(Revocation::new(reason, now))
        .execute(connection)?;
    Ok(revoked > 0)
}

/// Ends a session if it is this user's, and tells whether it was. `false` as with [`revoke`].
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke_of_user(
    connection: &mut AnyConnection,
    id: SessionId,
    user_id: &UserId,
    reason: RevokedReason,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let live = sessions::table
        .find(id.to_string())
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::expires_at.gt(now.as_millis()))
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(Revocation::new(reason, now))
        .execute(connection)?;
    Ok(revoked > 0)
}

/// Ends all sessions of a user, but for `keep`, and returns which. In a transaction: the user's row
/// is locked, so that two such calls do not wait for each other in a circle, and a sign-in is
/// either ended too or comes later. Idle ones end too: by another machine's clock they may not be
/// idle yet.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke_all_of_user(
    connection: &mut AnyConnection,
    user_id: &UserId,
    keep: Option<SessionId>,
    reason: RevokedReason,
    now: UnixMillis,
) -> Result<Vec<SessionId>, StoreError> {
    connection.lock_user(user_id.as_str())?;
    // No session has the empty text for its id.
    let keep = keep.map_or_else(String::new, |id| id.to_string());
    let live = sessions::table
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::id.ne(keep))
        .filter(sessions::expires_at.gt(now.as_millis()))
        .filter(sessions::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(Revocation::new(reason, now))
        .returning(sessions::id)
        .get_results::<String>(connection)?;
    super::ids(revoked)
}

/// Ends the oldest live sessions of a user until `keep` are left, and returns which. In a
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
        // SQLite takes no offset without a limit.
        .limit(i64::MAX)
        .select(sessions::id)
        .load(connection)?;
    let mut ended = Vec::new();
    // A statement has a limited number of parameters.
    for some in too_many.chunks(500) {
        let live = sessions::table
            .filter(sessions::id.eq_any(some))
            .filter(sessions::revoked_at.is_null());
        let revoked = diesel::update(live)
            .set(Revocation::new(RevokedReason::SessionLimit, now))
            .returning(sessions::id)
            .get_results::<String>(connection)?;
        ended.extend(super::ids(revoked)?);
    }
    Ok(ended)
}

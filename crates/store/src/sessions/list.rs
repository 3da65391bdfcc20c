//! Looking at many sessions.

use diesel::prelude::*;

use super::{
    AnyConnection, RevokedReason, Row, Session, SessionId, StoreError, UnixMillis, UserId, sessions,
};

/// Live sessions, those of one user or of all, the newest first: at most `limit`, those opened
/// before `before`.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(
    connection: &mut AnyConnection,
    user_id: Option<&UserId>,
    before: Option<SessionId>,
    limit: u16,
    now: UnixMillis,
) -> Result<Vec<Session>, StoreError> {
    // No id is greater: they are hexadecimal.
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    let live = sessions::table
        .filter(sessions::id.lt(before))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::idle_expires_at.gt(now.as_millis()))
        .order(sessions::id.desc())
        .limit(limit.into());
    let rows: Vec<Row> = match user_id {
        Some(user_id) => live
            .filter(sessions::user_id.eq(user_id.as_str()))
            .load(connection)?,
        None => live.load(connection)?,
    };
    rows.into_iter().map(Row::into_session).collect()
}

/// A session that was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedSession {
    /// Its id.
    pub id: SessionId,
    /// When it was ended, by the clock of the replica that ended it.
    pub at: UnixMillis,
    /// Why.
    pub reason: RevokedReason,
}

/// Sessions revoked at `since` or later, in the order of time and id, at most `limit`, those
/// after `last`.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoked_since(
    connection: &mut AnyConnection,
    since: UnixMillis,
    last: Option<RevokedSession>,
    limit: u16,
) -> Result<Vec<RevokedSession>, StoreError> {
    // No session has the empty text for its id.
    let (at, id) = last.map_or_else(
        || (since, String::new()),
        |last| (last.at, last.id.to_string()),
    );
    let rows: Vec<(String, Option<i64>, Option<String>)> = sessions::table
        .filter(sessions::revoked_at.ge(at.as_millis()))
        .filter(
            sessions::revoked_at
                .gt(at.as_millis())
                .or(sessions::id.gt(id)),
        )
        .order((sessions::revoked_at, sessions::id))
        .limit(limit.into())
        .select((sessions::id, sessions::revoked_at, sessions::revoked_reason))
        .load(connection)?;
    rows.into_iter()
        .map(|(id, at, reason)| {
            let reason = reason.as_deref().map(RevokedReason::parse);
            match (SessionId::parse(&id), at, reason) {
                (Some(id), Some(at), Some(reason)) => Ok(RevokedSession {
                    id,
                    at: UnixMillis::from_millis(at),
                    reason,
                }),
                _ => Err(StoreError::Unreadable("session")),
            }
        })
        .collect()
}

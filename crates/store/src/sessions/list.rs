//! Listing sessions.

use diesel::prelude::*;

use super::{
    AnyConnection, RevokedReason, Row, Session, SessionId, StoreError, UnixMillis, UserId, sessions,
};
use crate::connection::MultiBackend;

/// At most `limit` live sessions of one user or of all, newest first, opened before `before`.
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
    let live = of_user(user_id, before, limit)
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::idle_expires_at.gt(now.as_millis()));
    load(connection, live)
}

/// As [`list`], with the sessions that were revoked or have expired and are not deleted yet.
///
/// # Errors
///
/// [`StoreError`].
pub fn list_all(
    connection: &mut AnyConnection,
    user_id: Option<&UserId>,
    before: Option<SessionId>,
    limit: u16,
) -> Result<Vec<Session>, StoreError> {
    load(connection, of_user(user_id, before, limit))
}

type Sessions<'a> = sessions::BoxedQuery<'a, MultiBackend>;

fn of_user(user_id: Option<&UserId>, before: Option<SessionId>, limit: u16) -> Sessions<'_> {
    // Ids are hexadecimal, so they all sort before "g".
    let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
    let sessions = sessions::table
        .into_boxed()
        .filter(sessions::id.lt(before))
        .order(sessions::id.desc())
        .limit(limit.into());
    match user_id {
        Some(user_id) => sessions.filter(sessions::user_id.eq(user_id.as_str())),
        None => sessions,
    }
}

fn load(
    connection: &mut AnyConnection,
    sessions: Sessions<'_>,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<Row> = sessions.load(connection)?;
    rows.into_iter().map(Row::into_session).collect()
}

/// A revoked session, as the denylist needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedSession {
    /// Its id.
    pub id: SessionId,
    /// When it was revoked, by the clock of the replica that revoked it.
    pub at: UnixMillis,
    /// Why.
    pub reason: RevokedReason,
}

/// When a session was last revoked. It never goes back: [`delete_expired`](super::delete_expired) keeps
/// that row.
///
/// # Errors
///
/// [`StoreError`].
pub fn last_revocation(connection: &mut AnyConnection) -> Result<Option<UnixMillis>, StoreError> {
    let last: Option<Option<i64>> = sessions::table
        .filter(sessions::revoked_at.is_not_null())
        .order(sessions::revoked_at.desc())
        .select(sessions::revoked_at)
        .first(connection)
        .optional()?;
    Ok(last.flatten().map(UnixMillis::from_millis))
}

/// At most `limit` sessions revoked at `since` or later and after `last`, ordered by time and id.
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
    // No session has an empty id.
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
            let reason = reason.as_deref().map(RevokedReason::read);
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

//! Revoking sessions. What has to be revoked is locked first, and the time is read afterwards: however
//! long the lock took, no token of a session is younger than its revocation by that wait.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{
    Actor, AnyConnection, Now, Revocation, RevokedReason, SessionId, StoreError, UserId, find,
    sessions,
};

/// Sessions of one user that were revoked together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// Their user.
    pub user_id: UserId,
    /// The sessions.
    pub sessions: Vec<SessionId>,
    /// When, why and by whom.
    pub revocation: Revocation,
}

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

/// Revokes a session; without `by`, its user does. `None` if it does not exist, has expired or was
/// revoked before, or if `by` is another user. An idle session is revoked too: by another machine's
/// clock it may not have expired yet. Requires a transaction.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke(
    connection: &mut AnyConnection,
    id: SessionId,
    reason: RevokedReason,
    by: Option<&Actor>,
    now: Now,
) -> Result<Option<Revoked>, StoreError> {
    lock(connection, &[id])?;
    let Some(session) = find(connection, id)? else {
        return Ok(None);
    };
    let owner = Actor::User(session.user_id.clone());
    let by = by.cloned().unwrap_or_else(|| owner.clone());
    if matches!(by, Actor::User(_)) && by != owner {
        return Ok(None);
    }
    let revoked = revoke_locked(connection, &[id], &Revocation::new(reason, by, now()))?;
    Ok(revoked.into_iter().next())
}

/// Revokes all sessions of a user except `keep`. Requires a transaction: the user's row is locked, so
/// that two such calls cannot deadlock, and a concurrent sign-in is either revoked too or comes later.
/// Idle sessions are revoked too, as by [`revoke`].
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke_all_of_user(
    connection: &mut AnyConnection,
    user_id: &UserId,
    keep: Option<SessionId>,
    reason: RevokedReason,
    by: &Actor,
    now: Now,
) -> Result<Revoked, StoreError> {
    connection.lock_user(user_id.as_str())?;
    lock_all_of_user(connection, user_id)?;
    let revocation = Revocation::new(reason, by.clone(), now());
    // No session has an empty id.
    let keep = keep.map_or_else(String::new, |id| id.to_string());
    let live = sessions::table
        .filter(sessions::user_id.eq(user_id.as_str()))
        .filter(sessions::id.ne(keep))
        .filter(sessions::expires_at.gt(revocation.at.as_millis()))
        .filter(sessions::revoked_at.is_null());
    let ids = diesel::update(live)
        .set(Columns::from(&revocation))
        .returning(sessions::id)
        .get_results::<String>(connection)?;
    Ok(Revoked {
        user_id: user_id.clone(),
        sessions: super::ids(ids)?,
        revocation,
    })
}

/// Locks the sessions of a user that are not revoked, as [`lock`] does. Nobody adds one meanwhile, if the
/// user's row is locked.
pub(crate) fn lock_all_of_user(
    connection: &mut AnyConnection,
    user_id: &UserId,
) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        sessions::table
            .filter(sessions::user_id.eq(user_id.as_str()))
            .filter(sessions::revoked_at.is_null())
            .order(sessions::id)
            .select(sessions::id)
            .for_no_key_update()
            .execute(postgres)?;
    }
    Ok(())
}

/// Locks these sessions until the transaction ends, in the order of their ids, so that two such calls
/// cannot deadlock. SQLite has one writing transaction at a time anyway.
pub(super) fn lock(connection: &mut AnyConnection, ids: &[SessionId]) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        let ids: Vec<_> = ids.iter().map(SessionId::to_string).collect();
        sessions::table
            .filter(sessions::id.eq_any(ids))
            .order(sessions::id)
            .select(sessions::id)
            .for_no_key_update()
            .execute(postgres)?;
    }
    Ok(())
}

/// Revokes those of these sessions that have not ended, and returns them by user. They must be
/// [locked](lock).
pub(super) fn revoke_locked(
    connection: &mut AnyConnection,
    ids: &[SessionId],
    revocation: &Revocation,
) -> Result<Vec<Revoked>, StoreError> {
    let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // A statement has a limited number of parameters.
    for some in ids.chunks(500) {
        let some = some.iter().map(SessionId::to_string);
        let live = sessions::table
            .filter(sessions::id.eq_any(some))
            .filter(sessions::expires_at.gt(revocation.at.as_millis()))
            .filter(sessions::revoked_at.is_null());
        let revoked = diesel::update(live)
            .set(Columns::from(revocation))
            .returning((sessions::user_id, sessions::id))
            .get_results::<(String, String)>(connection)?;
        for (user_id, id) in revoked {
            by_user.entry(user_id).or_default().push(id);
        }
    }
    let of_user = |(user_id, ids): (String, _)| {
        Ok(Revoked {
            user_id: UserId::parse(&user_id).map_err(|_| StoreError::Unreadable("session"))?,
            sessions: super::ids(ids)?,
            revocation: revocation.clone(),
        })
    };
    by_user.into_iter().map(of_user).collect()
}

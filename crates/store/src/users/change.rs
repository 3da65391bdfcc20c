//! Changes to a user that end sessions. In a transaction, all of them: who signs in meanwhile
//! waits, and is then judged by what has become of the user.

use diesel::prelude::*;

use super::{AnyConnection, PasswordHash, StoreError, UnixMillis, UserId, users};
use crate::sessions::{RevokedReason, SessionId, revoke_all_of_user};

/// What became of a change, and which sessions it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was made.
    Changed(Vec<SessionId>),
    /// There is no such user, or they are not what the change was for.
    NotFound,
}

/// Sets a password in the place of `checked`, and ends the user's sessions but for `keep`.
///
/// # Errors
///
/// [`StoreError`].
pub fn change_password(
    connection: &mut AnyConnection,
    id: &UserId,
    checked: &PasswordHash,
    new: &PasswordHash,
    keep: SessionId,
    now: UnixMillis,
) -> Result<Changed, StoreError> {
    let same = users::table
        .find(id.as_str())
        .filter(users::password.eq(&checked.0))
        .filter(users::disabled_at.is_null());
    let changed = diesel::update(same)
        .set(users::password.eq(&new.0))
        .execute(connection)?;
    end_sessions(
        connection,
        changed,
        id,
        Some(keep),
        RevokedReason::PasswordChanged,
        now,
    )
}

/// Sets a hash of the same password in the place of `old`; sessions stay. `false` when it was changed
/// meanwhile.
///
/// # Errors
///
/// [`StoreError`].
pub fn rehash(
    connection: &mut AnyConnection,
    id: &UserId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<bool, StoreError> {
    let same = users::table
        .find(id.as_str())
        .filter(users::password.eq(&old.0));
    let changed = diesel::update(same)
        .set(users::password.eq(&new.0))
        .execute(connection)?;
    Ok(changed == 1)
}

/// Disables a user who is enabled, and ends their sessions.
///
/// # Errors
///
/// [`StoreError`].
pub fn disable(
    connection: &mut AnyConnection,
    id: &UserId,
    now: UnixMillis,
) -> Result<Changed, StoreError> {
    let enabled = users::table
        .find(id.as_str())
        .filter(users::disabled_at.is_null());
    let changed = diesel::update(enabled)
        .set(users::disabled_at.eq(now.as_millis()))
        .execute(connection)?;
    end_sessions(
        connection,
        changed,
        id,
        None,
        RevokedReason::UserDisabled,
        now,
    )
}

/// Lets a user who is disabled sign in again.
///
/// # Errors
///
/// [`StoreError`].
pub fn enable(connection: &mut AnyConnection, id: &UserId) -> Result<Changed, StoreError> {
    let disabled = users::table
        .find(id.as_str())
        .filter(users::disabled_at.is_not_null());
    let changed = diesel::update(disabled)
        .set(users::disabled_at.eq(None::<i64>))
        .execute(connection)?;
    Ok(match changed {
        0 => Changed::NotFound,
        _ => Changed::Changed(Vec::new()),
    })
}

/// Deletes a user, and ends their sessions. The ended sessions stay until their time is over, so
/// that no access token of theirs comes back to life.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete(
    connection: &mut AnyConnection,
    id: &UserId,
    now: UnixMillis,
) -> Result<Changed, StoreError> {
    let deleted = diesel::delete(users::table.find(id.as_str())).execute(connection)?;
    end_sessions(
        connection,
        deleted,
        id,
        None,
        RevokedReason::UserDisabled,
        now,
    )
}

fn end_sessions(
    connection: &mut AnyConnection,
    changed: usize,
    id: &UserId,
    keep: Option<SessionId>,
    reason: RevokedReason,
    now: UnixMillis,
) -> Result<Changed, StoreError> {
    match changed {
        0 => Ok(Changed::NotFound),
        _ => revoke_all_of_user(connection, id, keep, reason, now).map(Changed::Changed),
    }
}

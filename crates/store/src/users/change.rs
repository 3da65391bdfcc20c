//! Changes to a user that end sessions. In a transaction, all of them: who signs in meanwhile
//! waits, and is then judged by what has become of the user.

use diesel::prelude::*;

use super::{
    AnyConnection, PasswordHash, StoreError, UnixMillis, User, UserId, email_key, find, users,
};
use crate::error::violated_constraint;
use crate::schema::sessions;
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

/// Sets a password whatever it was, and ends all sessions of the user, who must be enabled.
///
/// # Errors
///
/// [`StoreError`].
pub fn set_password(
    connection: &mut AnyConnection,
    id: &UserId,
    new: &PasswordHash,
    now: UnixMillis,
) -> Result<Changed, StoreError> {
    let enabled = users::table
        .find(id.as_str())
        .filter(users::disabled_at.is_null());
    let changed = diesel::update(enabled)
        .set(users::password.eq(&new.0))
        .execute(connection)?;
    let reason = RevokedReason::PasswordChanged;
    end_sessions(connection, changed, id, None, reason, now)
}

/// What of a user is to be another; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Their own claims, a JSON object. Access tokens have them from the next renewal on.
    pub claims: Option<String>,
}

/// What became of such a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    /// It was made.
    Updated(User),
    /// There is no such user.
    NotFound,
    /// Someone has that name.
    NameTaken,
    /// Someone has that e-mail address.
    EmailTaken,
}

/// Changes name, e-mail address or claims; sessions stay, and get the claims. In a transaction of its
/// own: where somebody has the name or address, nothing is changed.
///
/// # Errors
///
/// [`StoreError`].
pub fn update(
    connection: &mut AnyConnection,
    id: &UserId,
    changes: &UserChanges,
) -> Result<Updated, StoreError> {
    connection.lock_user(id.as_str())?;
    let Some(mut user) = find(connection, id)? else {
        return Ok(Updated::NotFound);
    };
    user.name = changes.name.clone().unwrap_or(user.name);
    user.email = changes.email.clone().unwrap_or(user.email);
    user.claims = changes.claims.clone().unwrap_or(user.claims);
    let update = diesel::update(users::table.find(id.as_str()));
    let updated = update
        .set((
            users::name.eq(&user.name),
            users::email.eq(&user.email),
            users::email_key.eq(email_key(&user.email)),
            users::claims.eq(&user.claims),
        ))
        .execute(connection);
    // PostgreSQL undoes the transaction by itself.
    match updated
        .as_ref()
        .err()
        .and_then(violated_constraint)
        .as_deref()
    {
        Some(constraint) if constraint.contains("email") => return Ok(Updated::EmailTaken),
        Some(_) => return Ok(Updated::NameTaken),
        None => drop(updated?),
    }
    if changes.email.is_some() {
        crate::password_links::forget(connection, id)?;
    }
    if changes.claims.is_some() {
        let live = sessions::table
            .filter(sessions::user_id.eq(id.as_str()))
            .filter(sessions::revoked_at.is_null());
        diesel::update(live)
            .set(sessions::claims.eq(&user.claims))
            .execute(connection)?;
    }
    Ok(Updated::Updated(user))
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
    if changed > 0 {
        // Whoever has one could still take the account over.
        crate::password_links::forget(connection, id)?;
    }
    match changed {
        0 => Ok(Changed::NotFound),
        _ => revoke_all_of_user(connection, id, keep, reason, now).map(Changed::Changed),
    }
}

//! Changes to a user, and the sessions that they revoke. All of them require a transaction: a
//! concurrent sign-in waits, and is then judged by the changed user.

mod proven;

use diesel::prelude::*;

use crate::actor::Actor;
use crate::challenges;
use crate::claim_changes::{self, ClaimChange};
use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::{deleted_users, sessions, users};
use crate::sessions::{Revoked, RevokedReason, SessionId, lock_all_of_user, revoke_all_of_user};
use crate::time::{Now, UnixMillis};
use crate::user_id::email_key;
use crate::users::{PasswordHash, User, UserId, find, was_deleted};

pub use proven::{
    Proof, Proven, accept_invitation, change_email, prove_email, reset_password, take_over,
    undo_email_change,
};

/// The outcome of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made, and revoked these sessions.
    Made(Revoked),
    /// There is no such user, or not in the state that the change requires.
    NotFound,
}

/// Replaces the password `checked`, and revokes the user's sessions except `keep`.
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
    now: Now,
) -> Result<Change, StoreError> {
    let same = users::table
        .find(id.as_str())
        .filter(users::password.eq(&checked.0))
        .filter(users::disabled_at.is_null());
    let changed = diesel::update(same)
        .set(users::password.eq(&new.0))
        .execute(connection)?;
    if changed == 0 {
        return Ok(Change::NotFound);
    }
    let (reason, by) = (RevokedReason::PasswordChanged, Actor::User(id.clone()));
    revoke_everything(connection, id, Some(keep), reason, &by, now).map(Change::Made)
}

/// Whether an enabled user still has the password that was checked. The user stays locked until the transaction
/// ends, so that this still holds when it is committed.
///
/// # Errors
///
/// [`StoreError`].
pub fn still_has_password(
    connection: &mut AnyConnection,
    id: &UserId,
    checked: &PasswordHash,
) -> Result<bool, StoreError> {
    connection.lock_user(id.as_str())?;
    let user = find(connection, id)?.filter(|user| user.disabled_at.is_none());
    Ok(user.is_some_and(|user| user.password.as_ref() == Some(checked)))
}

/// Replaces the hash `old` by another hash of the same password; sessions stay. `false` if the
/// password was changed meanwhile.
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

/// Fields to change; those that are `None` are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChanges {
    /// The display name.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The custom claims, a JSON object. Access tokens have them from the next renewal on.
    pub claims: Option<String>,
    /// Whether the user is disabled. Disabling revokes their sessions.
    pub disabled: Option<bool>,
    /// Whether the email address is proven. Another address is not, unless this says so.
    pub email_verified: Option<bool>,
    /// The language of mails and pages.
    pub locale: Option<String>,
}

/// The outcome of [`update`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// All changes were made.
    Made(Box<Updated>),
    /// There is no such user.
    NotFound,
    /// Another user has the email address. Nothing was changed.
    EmailTaken,
}

/// A user before and after an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The user before.
    pub before: User,
    /// The user now.
    pub user: User,
    /// The sessions that were revoked, if the user was disabled.
    pub revoked: Option<Revoked>,
    /// The custom claims, if they changed.
    pub claims: Option<ClaimChange>,
}

/// Makes all of these changes, or none. Requires a transaction without other statements: when the
/// email address is taken, PostgreSQL aborts it.
///
/// # Errors
///
/// [`StoreError`].
pub fn update(
    connection: &mut AnyConnection,
    id: &UserId,
    changes: &UserChanges,
    by: &Actor,
    now: Now,
) -> Result<Update, StoreError> {
    connection.lock_user(id.as_str())?;
    let Some(before) = find(connection, id)? else {
        return Ok(Update::NotFound);
    };
    let user = changes.applied_to(before.clone(), now());
    let is_other = email_key(&user.email) != email_key(&before.email);
    if is_other && challenges::is_reserved(connection, &user.email, id, now())? {
        return Ok(Update::EmailTaken);
    }
    let updated = diesel::update(users::table.find(id.as_str()))
        .set((
            users::name.eq(&user.name),
            users::email.eq(&user.email),
            users::email_key.eq(email_key(&user.email)),
            users::claims.eq(&user.claims),
            users::disabled_at.eq(user.disabled_at.map(UnixMillis::as_millis)),
            users::email_verified_at.eq(user.email_verified_at.map(UnixMillis::as_millis)),
            users::locale.eq(&user.locale),
        ))
        .execute(connection);
    if updated
        .as_ref()
        .err()
        .is_some_and(|error| violated_constraint(error).is_some())
    {
        return Ok(Update::EmailTaken);
    }
    updated?;
    if user.email != before.email {
        match by {
            Actor::User(_) => challenges::forget(connection, id)?,
            // Somebody repairs the account: links of whoever had it before end as well.
            _ => challenges::forget_all(connection, id)?,
        }
    }
    let claims = change_claims(connection, &before, &user, now)?;
    let revoked = match (before.disabled_at, user.disabled_at) {
        (None, Some(_)) => {
            let reason = RevokedReason::UserDisabled;
            Some(revoke_everything(connection, id, None, reason, by, now)?)
        }
        _ => None,
    };
    Ok(Update::Made(Box::new(Updated {
        before,
        user,
        revoked,
        claims,
    })))
}

/// Gives the sessions of a user the claims that the user has now, if those are others than before.
fn change_claims(
    connection: &mut AnyConnection,
    before: &User,
    user: &User,
    now: Now,
) -> Result<Option<ClaimChange>, StoreError> {
    let claims = user.token_claims();
    if claims == before.token_claims() {
        return Ok(None);
    }
    lock_all_of_user(connection, &user.id)?;
    let live = sessions::table
        .filter(sessions::user_id.eq(user.id.as_str()))
        .filter(sessions::revoked_at.is_null());
    diesel::update(live)
        .set(sessions::claims.eq(&claims))
        .execute(connection)?;
    let change = ClaimChange {
        user_id: user.id.clone(),
        claims,
        at: now(),
    };
    claim_changes::record(connection, change).map(Some)
}

impl UserChanges {
    fn applied_to(&self, user: User, now: UnixMillis) -> User {
        let email = self.email.clone().unwrap_or_else(|| user.email.clone());
        let verified_at = user.email_verified_at.filter(|_| email == user.email);
        User {
            name: self.name.clone().unwrap_or(user.name),
            email_verified_at: match self.email_verified {
                None => verified_at,
                Some(true) => verified_at.or(Some(now)),
                Some(false) => None,
            },
            email,
            locale: self.locale.clone().or(user.locale),
            claims: self.claims.clone().unwrap_or(user.claims),
            disabled_at: match self.disabled {
                None => user.disabled_at,
                Some(true) => user.disabled_at.or(Some(now)),
                Some(false) => None,
            },
            ..user
        }
    }
}

/// Deletes a user, and revokes their sessions. The rows of those sessions stay until they expire, so
/// that their access tokens stay refused. The id stays too, so that it is never given again.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete(
    connection: &mut AnyConnection,
    id: &UserId,
    by: &Actor,
    now: Now,
) -> Result<Change, StoreError> {
    let deleted = diesel::delete(users::table.find(id.as_str())).execute(connection)?;
    if deleted == 0 {
        return Ok(Change::NotFound);
    }
    if !was_deleted(connection, id)? {
        diesel::insert_into(deleted_users::table)
            .values((
                deleted_users::id.eq(id.as_str()),
                deleted_users::deleted_at.eq(now().as_millis()),
            ))
            .execute(connection)?;
    }
    let reason = RevokedReason::UserDeleted;
    revoke_everything(connection, id, None, reason, by, now).map(Change::Made)
}

/// The sessions, and the links by which somebody could still take the account over.
fn revoke_everything(
    connection: &mut AnyConnection,
    id: &UserId,
    keep: Option<SessionId>,
    reason: RevokedReason,
    by: &Actor,
    now: Now,
) -> Result<Revoked, StoreError> {
    challenges::forget(connection, id)?;
    revoke_all_of_user(connection, id, keep, reason, by, now)
}

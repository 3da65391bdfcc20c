//! Changes that somebody may make because they read the mail of an address: each uses a challenge up.
//!
//! A challenge is about a user and an address. It proves nothing about another user who has the address now,
//! nor about another address of the user.

use diesel::prelude::*;

use super::{change_claims, revoke_everything};
use crate::actor::Actor;
use crate::challenges::{self, Challenge, ChallengeKind};
use crate::claim_changes::ClaimChange;
use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::users;
use crate::sessions::{Revoked, RevokedReason};
use crate::time::{Now, UnixMillis};
use crate::user_id::email_key;
use crate::users::{PasswordHash, User, find, find_by_email};

/// The outcome of such a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It was made.
    Accepted(Box<Proven>),
    /// The challenge was used, has expired, or is about an address that is not the user's any more.
    Invalid,
    /// Another user has the address by now.
    EmailTaken,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The user before.
    pub before: User,
    /// The user now.
    pub user: User,
    /// The sessions that were revoked.
    pub revoked: Option<Revoked>,
    /// The custom claims, if they changed.
    pub claims: Option<ClaimChange>,
}

/// The address is the user's.
///
/// # Errors
///
/// [`StoreError`].
pub fn prove_email(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    now: Now,
) -> Result<Proof, StoreError> {
    let Some(before) = consume(connection, challenge, Address::Current, now)? else {
        return Ok(Proof::Invalid);
    };
    let user = verified(before.clone(), now());
    save(connection, before, user, now, None)
}

/// The address becomes the user's. Requires a transaction without other statements: when it is taken,
/// PostgreSQL aborts it.
///
/// # Errors
///
/// [`StoreError`].
pub fn change_email(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    now: Now,
) -> Result<Proof, StoreError> {
    if is_of_another(connection, challenge, now)? {
        return Ok(Proof::EmailTaken);
    }
    let Some(before) = consume(connection, challenge, Address::Any, now)? else {
        return Ok(Proof::Invalid);
    };
    let user = User {
        email: challenge.email.clone(),
        email_verified_at: Some(now()),
        ..before.clone()
    };
    challenges::forget(connection, &user.id)?;
    save(connection, before, user, now, None)
}

/// The address becomes the user's again. Whoever changed it may have taken the account over: all sessions are
/// revoked, and the password is removed. As [`change_email`] otherwise.
///
/// # Errors
///
/// [`StoreError`].
pub fn undo_email_change(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    now: Now,
) -> Result<Proof, StoreError> {
    if is_of_another(connection, challenge, now)? {
        return Ok(Proof::EmailTaken);
    }
    let Some(before) = consume(connection, challenge, Address::Any, now)? else {
        return Ok(Proof::Invalid);
    };
    let user = User {
        email: challenge.email.clone(),
        email_verified_at: Some(now()),
        password: None,
        ..before.clone()
    };
    challenges::forget_later_undos(connection, challenge)?;
    save(
        connection,
        before,
        user,
        now,
        Some(RevokedReason::EmailChangeUndone),
    )
}

/// The user has another password. All sessions are revoked. A challenge that was mailed proves the address as
/// well.
///
/// # Errors
///
/// [`StoreError`].
pub fn reset_password(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    new: &PasswordHash,
    now: Now,
) -> Result<Proof, StoreError> {
    let Some(before) = consume(connection, challenge, Address::Current, now)? else {
        return Ok(Proof::Invalid);
    };
    let was_mailed = challenge.kind != ChallengeKind::SetPassword;
    let email_verified_at = before.email_verified_at.or(was_mailed.then(&now));
    let user = User {
        password: Some(new.clone()),
        email_verified_at,
        ..before.clone()
    };
    save(
        connection,
        before,
        user,
        now,
        Some(RevokedReason::PasswordChanged),
    )
}

/// The user has taken the invitation up.
///
/// # Errors
///
/// [`StoreError`].
pub fn accept_invitation(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    name: &str,
    password: &PasswordHash,
    now: Now,
) -> Result<Proof, StoreError> {
    let Some(before) = consume(connection, challenge, Address::Current, now)? else {
        return Ok(Proof::Invalid);
    };
    let user = User {
        name: name.to_owned(),
        password: Some(password.clone()),
        ..verified(before.clone(), now())
    };
    save(
        connection,
        before,
        user,
        now,
        Some(RevokedReason::PasswordChanged),
    )
}

/// The user signs in by mail. If nobody has proven the address before, somebody else may have registered
/// with it: what they set up goes.
///
/// # Errors
///
/// [`StoreError`].
pub fn take_over(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    now: Now,
) -> Result<Proof, StoreError> {
    let Some(before) = consume(connection, challenge, Address::Current, now)? else {
        return Ok(Proof::Invalid);
    };
    let is_first = before.email_verified_at.is_none();
    let user = User {
        password: before.password.clone().filter(|_| !is_first),
        ..verified(before.clone(), now())
    };
    let reason = is_first.then_some(RevokedReason::PasswordChanged);
    save(connection, before, user, now, reason)
}

/// Whether another user has the address of a challenge, or could take it back. The challenge is not used up then.
fn is_of_another(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    now: Now,
) -> Result<bool, StoreError> {
    let Some(id) = &challenge.user_id else {
        return Ok(false);
    };
    let holder = find_by_email(connection, &challenge.email)?;
    if holder.is_some_and(|holder| holder.id != *id) {
        return Ok(true);
    }
    challenges::is_reserved(connection, &challenge.email, id, now())
}

/// Which address the user must have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Address {
    /// That of the challenge.
    Current,
    /// Any.
    Any,
}

/// The enabled user of a challenge, locked; `None` if the challenge proves nothing about them.
fn consume(
    connection: &mut AnyConnection,
    challenge: &Challenge,
    address: Address,
    now: Now,
) -> Result<Option<User>, StoreError> {
    let Some(id) = &challenge.user_id else {
        return Ok(None);
    };
    connection.lock_user(id.as_str())?;
    let user = find(connection, id)?.filter(|user| user.disabled_at.is_none());
    let same = |user: &User| email_key(&user.email) == email_key(&challenge.email);
    let user = user.filter(|user| address == Address::Any || same(user));
    let was_live = challenges::consume(connection, challenge.id, now())?;
    Ok(user.filter(|_| was_live))
}

fn verified(user: User, now: UnixMillis) -> User {
    User {
        email_verified_at: user.email_verified_at.or(Some(now)),
        ..user
    }
}

/// Saves the user, and revokes what they had, if there is a reason.
fn save(
    connection: &mut AnyConnection,
    before: User,
    user: User,
    now: Now,
    reason: Option<RevokedReason>,
) -> Result<Proof, StoreError> {
    let saved = diesel::update(users::table.find(user.id.as_str()))
        .set((
            users::name.eq(&user.name),
            users::email.eq(&user.email),
            users::email_key.eq(email_key(&user.email)),
            users::password.eq(user.password.as_ref().map(PasswordHash::expose)),
            users::email_verified_at.eq(user.email_verified_at.map(UnixMillis::as_millis)),
        ))
        .execute(connection);
    if saved
        .as_ref()
        .err()
        .is_some_and(|error| violated_constraint(error).is_some())
    {
        return Ok(Proof::EmailTaken);
    }
    saved?;
    let claims = change_claims(connection, &before, &user, now)?;
    let by = Actor::User(user.id.clone());
    let revoked = match reason {
        Some(reason) => Some(revoke_everything(
            connection, &user.id, None, reason, &by, now,
        )?),
        None => None,
    };
    Ok(Proof::Accepted(Box::new(Proven {
        before,
        user,
        revoked,
        claims,
    })))
}

//! Links by which somebody sets a password without knowing one.

use std::fmt;

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::password_links as links;
use crate::time::UnixMillis;
use crate::users::{self, Changed, PasswordHash, User, UserId};

/// The SHA-256 of a link's token, which has 256 random bits: finding it by its hash tells nothing
/// about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkHash(pub [u8; 32]);

impl fmt::Debug for LinkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkHash(…)")
    }
}

/// Adds a link in the place of the user's earlier ones. `false` when there is no such enabled user.
/// In a transaction.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(
    connection: &mut AnyConnection,
    hash: LinkHash,
    user_id: &UserId,
    expires_at: UnixMillis,
) -> Result<bool, StoreError> {
    connection.lock_user(user_id.as_str())?;
    let user = users::find(connection, user_id)?;
    if user.is_none_or(|user| user.disabled_at.is_some()) {
        return Ok(false);
    }
    forget(connection, user_id)?;
    diesel::insert_into(links::table)
        .values((
            links::hash.eq(hash.0.as_slice()),
            links::user_id.eq(user_id.as_str()),
            links::expires_at.eq(expires_at.as_millis()),
        ))
        .execute(connection)?;
    Ok(true)
}

/// Whose link it is, if it is good and they are enabled. It stays good.
///
/// # Errors
///
/// [`StoreError`].
pub fn find(
    connection: &mut AnyConnection,
    hash: LinkHash,
    now: UnixMillis,
) -> Result<Option<User>, StoreError> {
    let user_id = links::table
        .find(hash.0.as_slice())
        .filter(links::expires_at.gt(now.as_millis()))
        .select(links::user_id)
        .first::<String>(connection)
        .optional()?;
    let Some(user_id) = user_id.and_then(|id| UserId::parse(&id).ok()) else {
        return Ok(None);
    };
    let user = users::find(connection, &user_id)?;
    Ok(user.filter(|user| user.disabled_at.is_none()))
}

/// Uses a link up: sets its user's password and ends all their sessions. In a transaction; of
/// several at once, one is the first.
///
/// # Errors
///
/// [`StoreError`].
pub fn redeem(
    connection: &mut AnyConnection,
    hash: LinkHash,
    password: &PasswordHash,
    now: UnixMillis,
) -> Result<Option<(UserId, Changed)>, StoreError> {
    let Some(user) = find(connection, hash, now)? else {
        return Ok(None);
    };
    let deleted = diesel::delete(links::table.find(hash.0.as_slice())).execute(connection)?;
    if deleted == 0 {
        return Ok(None);
    }
    let changed = users::set_password(connection, &user.id, password, now)?;
    Ok(Some((user.id, changed)))
}

/// A user's links are good no more.
///
/// # Errors
///
/// [`StoreError`].
pub fn forget(connection: &mut AnyConnection, user_id: &UserId) -> Result<(), StoreError> {
    let links = links::table.filter(links::user_id.eq(user_id.as_str()));
    diesel::delete(links).execute(connection)?;
    Ok(())
}

/// Deletes the links that have expired before `before`.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_expired(
    connection: &mut AnyConnection,
    before: UnixMillis,
) -> Result<usize, StoreError> {
    let expired = links::table.filter(links::expires_at.lt(before.as_millis()));
    Ok(diesel::delete(expired).execute(connection)?)
}

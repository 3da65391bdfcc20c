//! Links for setting a password without knowing the current one.

use std::fmt;

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::password_links as links;
use crate::time::UnixMillis;
use crate::users::{self, User, UserId};

/// The SHA-256 of a link's token. The token has 256 random bits, so looking it up by its hash leaks
/// nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkHash(pub [u8; 32]);

impl fmt::Debug for LinkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkHash(…)")
    }
}

/// Adds a link, replacing the user's earlier ones. `false` if there is no such enabled user. Requires
/// a transaction.
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

/// The user of a link, if the link is valid and the user is enabled. The link stays valid.
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

/// The user of a link, as [`find`] returns it; deletes the link. Of several concurrent calls, one gets
/// the user.
pub(crate) fn take(
    connection: &mut AnyConnection,
    hash: LinkHash,
    now: UnixMillis,
) -> Result<Option<User>, StoreError> {
    let user = find(connection, hash, now)?;
    let deleted = diesel::delete(links::table.find(hash.0.as_slice())).execute(connection)?;
    Ok(user.filter(|_| deleted == 1))
}

/// Deletes a user's links.
///
/// # Errors
///
/// [`StoreError`].
pub fn forget(connection: &mut AnyConnection, user_id: &UserId) -> Result<(), StoreError> {
    let links = links::table.filter(links::user_id.eq(user_id.as_str()));
    diesel::delete(links).execute(connection)?;
    Ok(())
}

/// Deletes the links that expired before `before`.
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

//! Users who may not sign in: the disabled and the deleted ones.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::{deleted_users, users};
use crate::users::UserId;

/// Differs whenever other users are locked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedOutState {
    disabled: (i64, Option<i64>),
    deleted: (i64, Option<i64>),
}

/// The current state.
///
/// # Errors
///
/// [`StoreError`].
pub fn state(connection: &mut AnyConnection) -> Result<LockedOutState, StoreError> {
    let disabled = users::table
        .filter(users::disabled_at.is_not_null())
        .select((count_star(), max(users::disabled_at)))
        .first(connection)?;
    let deleted = deleted_users::table
        .select((count_star(), max(deleted_users::deleted_at)))
        .first(connection)?;
    Ok(LockedOutState { disabled, deleted })
}

/// At most `limit` users of each kind who are locked out, the last first.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(connection: &mut AnyConnection, limit: u32) -> Result<Vec<UserId>, StoreError> {
    let disabled = users::table
        .filter(users::disabled_at.is_not_null())
        .order(users::disabled_at.desc())
        .limit(limit.into())
        .select(users::id)
        .load::<String>(connection)?;
    let deleted = deleted_users::table
        .order(deleted_users::deleted_at.desc())
        .limit(limit.into())
        .select(deleted_users::id)
        .load::<String>(connection)?;
    let ids = disabled.into_iter().chain(deleted);
    // An id that cannot be read is in no token.
    Ok(ids.filter_map(|id| UserId::parse(&id).ok()).collect())
}

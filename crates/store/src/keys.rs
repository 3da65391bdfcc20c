//! The keys that sign tokens, wrapped: what is stored here signs nothing without the master key.

use std::fmt;

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::keys;
use crate::time::UnixMillis;

/// Which tokens a key signs. It signs no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Access tokens.
    Access,
    /// Refresh tokens.
    Refresh,
}

impl KeyUse {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyUse::Access => "access",
            KeyUse::Refresh => "refresh",
        }
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A key that signs, under the master key.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The `kid` of its tokens.
    pub id: String,
    /// Which tokens it signs.
    pub key_use: KeyUse,
    /// Its JOSE name.
    pub algorithm: String,
    /// The encrypted secret.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: UnixMillis,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey")
            .field("id", &self.id)
            .field("key_use", &self.key_use)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The key that signs now, if there is one.
///
/// # Errors
///
/// [`StoreError`].
pub fn active(
    connection: &mut AnyConnection,
    key_use: KeyUse,
) -> Result<Option<WrappedKey>, StoreError> {
    let row = keys::table
        .filter(keys::key_use.eq(key_use.as_str()))
        .filter(keys::state.eq(ACTIVE))
        .first::<Row>(connection)
        .optional()?;
    Ok(row.map(|row| row.into_key(key_use)))
}

/// Makes `key` the one that signs, unless another does: of several replicas that start at once,
/// one wins. `false` when there was one.
///
/// # Errors
///
/// [`StoreError`].
pub fn add_active(connection: &mut AnyConnection, key: &WrappedKey) -> Result<bool, StoreError> {
    let row = Row {
        id: key.id.clone(),
        key_use: key.key_use.as_str().to_owned(),
        algorithm: key.algorithm.clone(),
        state: ACTIVE.to_owned(),
        wrapped: key.wrapped.clone(),
        created_at: key.created_at.as_millis(),
    };
    match diesel::insert_into(keys::table)
        .values(row)
        .execute(connection)
    {
        Ok(_) => Ok(true),
        Err(error) if violated_constraint(&error).is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether there is any key: then the master key that wraps it is somewhere, and must not be
/// made anew.
///
/// # Errors
///
/// [`StoreError`].
pub fn exist(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let one = keys::table
        .select(keys::id)
        .limit(1)
        .load::<String>(connection)?;
    Ok(!one.is_empty())
}

const ACTIVE: &str = "active";

#[derive(Queryable, Insertable)]
#[diesel(table_name = keys)]
struct Row {
    id: String,
    key_use: String,
    algorithm: String,
    state: String,
    wrapped: Vec<u8>,
    created_at: i64,
}

impl Row {
    fn into_key(self, key_use: KeyUse) -> WrappedKey {
        WrappedKey {
            id: self.id,
            key_use,
            algorithm: self.algorithm,
            wrapped: self.wrapped,
            created_at: UnixMillis::from_millis(self.created_at),
        }
    }
}

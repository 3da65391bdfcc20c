//! The key ring: the keys that sign and verify tokens, wrapped. Without the master key, nothing stored
//! here can sign.
//!
//! The state of a key follows from the time alone, so that replicas agree without talking to each
//! other: a key is published at once, signs from `signs_from` until its successor does, and verifies
//! until `verifies_until`.

use std::fmt;

use diesel::dsl::max;
use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::{keys, sessions};
use crate::time::UnixMillis;
use crate::words::words;

words! {
    /// Which tokens a key is for; it is for no others.
    pub enum KeyUse {
        /// Access tokens.
        Access = "access",
        /// Refresh tokens.
        Refresh = "refresh",
    }
}

/// A key, wrapped under the master key.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The `kid` of its tokens.
    pub id: String,
    /// Which tokens it is for.
    pub key_use: KeyUse,
    /// The JOSE name of its algorithm.
    pub algorithm: String,
    /// The encrypted JWK.
    pub wrapped: Vec<u8>,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it starts to sign; `None` if it only verifies.
    pub signs_from: Option<UnixMillis>,
    /// Until when it verifies; `None` as long as it has no successor.
    pub verifies_until: Option<UnixMillis>,
}

impl WrappedKey {
    /// Whether it verifies tokens at `now`.
    pub fn verifies(&self, now: UnixMillis) -> bool {
        self.verifies_until.is_none_or(|until| now < until)
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey")
            .field("id", &self.id)
            .field("key_use", &self.key_use)
            .field("algorithm", &self.algorithm)
            .field("signs_from", &self.signs_from)
            .field("verifies_until", &self.verifies_until)
            .finish_non_exhaustive()
    }
}

/// All keys, in the order in which they sign; those that only verify come first.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(connection: &mut AnyConnection) -> Result<Vec<WrappedKey>, StoreError> {
    let rows = keys::table
        .order((keys::signs_from, keys::id))
        .load::<Row>(connection)?;
    rows.into_iter().map(Row::into_key).collect()
}

/// Locks the ring until this transaction ends, so that rotations and rewrapping wait for each other.
/// SQLite has one writing transaction at a time anyway.
///
/// # Errors
///
/// [`StoreError`].
pub fn lock(connection: &mut AnyConnection) -> Result<(), StoreError> {
    if let AnyConnection::Postgres(postgres) = connection {
        keys::table
            .select(keys::id)
            .order(keys::id)
            .for_no_key_update()
            .execute(postgres)?;
    }
    Ok(())
}

/// The newest key of a use that signs, now or later: the one without a successor. A key that was withdrawn
/// before its time came is not it, whenever it would have signed.
///
/// # Errors
///
/// [`StoreError`].
pub fn newest(
    connection: &mut AnyConnection,
    key_use: KeyUse,
) -> Result<Option<WrappedKey>, StoreError> {
    let row = keys::table
        .filter(keys::key_use.eq(key_use.as_str()))
        .filter(keys::predecessor.is_not_null())
        .filter(keys::verifies_until.is_null())
        .order((keys::signs_from.desc(), keys::id))
        .first::<Row>(connection)
        .optional()?;
    row.map(Row::into_key).transpose()
}

/// Adds the first key of a use. `false` if there is one already: of several replicas that start
/// concurrently, one wins.
///
/// # Errors
///
/// [`StoreError`].
pub fn add_first(connection: &mut AnyConnection, key: &WrappedKey) -> Result<bool, StoreError> {
    insert(connection, key, Some(""))
}

/// Adds the successor of `predecessor`, which then verifies until `until`. `false` if another replica
/// was faster. Requires a transaction, which PostgreSQL then aborts.
///
/// # Errors
///
/// [`StoreError`].
pub fn add_successor(
    connection: &mut AnyConnection,
    key: &WrappedKey,
    predecessor: &str,
    until: UnixMillis,
) -> Result<bool, StoreError> {
    if !insert(connection, key, Some(predecessor))? {
        return Ok(false);
    }
    let retired = diesel::update(keys::table)
        .filter(keys::id.eq(predecessor))
        .filter(keys::verifies_until.is_null())
        .set(keys::verifies_until.eq(until.as_millis()));
    retired.execute(connection)?;
    Ok(true)
}

/// Adds a key that verifies and never signs. `false` if the id is taken.
///
/// # Errors
///
/// [`StoreError`].
pub fn add_verifying(connection: &mut AnyConnection, key: &WrappedKey) -> Result<bool, StoreError> {
    insert(connection, key, None)
}

/// Ends verification with all keys of a use except `kept`, from `at` on.
///
/// # Errors
///
/// [`StoreError`].
pub fn end_others(
    connection: &mut AnyConnection,
    key_use: KeyUse,
    kept: &str,
    at: UnixMillis,
) -> Result<usize, StoreError> {
    let ended = diesel::update(keys::table)
        .filter(keys::key_use.eq(key_use.as_str()))
        .filter(keys::id.ne(kept))
        .filter(
            keys::verifies_until
                .is_null()
                .or(keys::verifies_until.gt(at.as_millis())),
        )
        .set(keys::verifies_until.eq(at.as_millis()));
    Ok(ended.execute(connection)?)
}

/// Replaces the wrapping of a key.
///
/// # Errors
///
/// [`StoreError`].
pub fn rewrap(connection: &mut AnyConnection, id: &str, wrapped: &[u8]) -> Result<(), StoreError> {
    diesel::update(keys::table.find(id))
        .set(keys::wrapped.eq(wrapped))
        .execute(connection)?;
    Ok(())
}

/// Deletes the keys that stopped verifying before `before`, and returns how many.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_gone(
    connection: &mut AnyConnection,
    before: UnixMillis,
) -> Result<usize, StoreError> {
    let gone = keys::table.filter(keys::verifies_until.lt(before.as_millis()));
    Ok(diesel::delete(gone).execute(connection)?)
}

/// When the last refresh token expires.
///
/// # Errors
///
/// [`StoreError`].
pub fn last_refresh_expiry(
    connection: &mut AnyConnection,
) -> Result<Option<UnixMillis>, StoreError> {
    let last = sessions::table.select(max(sessions::expires_at));
    let last = last.first::<Option<i64>>(connection)?;
    Ok(last.map(UnixMillis::from_millis))
}

/// Whether there is any key. If so, a master key exists that wraps it, and must not be created anew.
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

fn insert(
    connection: &mut AnyConnection,
    key: &WrappedKey,
    predecessor: Option<&str>,
) -> Result<bool, StoreError> {
    let row = Row {
        id: key.id.clone(),
        key_use: key.key_use.as_str().to_owned(),
        algorithm: key.algorithm.clone(),
        predecessor: predecessor.map(str::to_owned),
        wrapped: key.wrapped.clone(),
        created_at: key.created_at.as_millis(),
        signs_from: key.signs_from.map_or(0, UnixMillis::as_millis),
        verifies_until: key.verifies_until.map(UnixMillis::as_millis),
    };
    let inserted = diesel::insert_into(keys::table).values(row);
    match inserted.execute(connection) {
        Ok(_) => Ok(true),
        Err(error) if violated_constraint(&error).is_some() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = keys)]
struct Row {
    id: String,
    key_use: String,
    algorithm: String,
    predecessor: Option<String>,
    wrapped: Vec<u8>,
    created_at: i64,
    signs_from: i64,
    verifies_until: Option<i64>,
}

impl Row {
    fn into_key(self) -> Result<WrappedKey, StoreError> {
        let signs = self.predecessor.is_some();
        Ok(WrappedKey {
            id: self.id,
            key_use: KeyUse::parse(&self.key_use).ok_or(StoreError::Unreadable("key"))?,
            algorithm: self.algorithm,
            wrapped: self.wrapped,
            created_at: UnixMillis::from_millis(self.created_at),
            signs_from: signs.then(|| UnixMillis::from_millis(self.signs_from)),
            verifies_until: self.verifies_until.map(UnixMillis::from_millis),
        })
    }
}

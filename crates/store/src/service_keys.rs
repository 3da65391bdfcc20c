//! Service keys: the secrets of trusted back ends, hashed.

use std::fmt;

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::service_keys;
use crate::time::UnixMillis;
use crate::words::words;

words! {
    /// What a service key may do.
    pub enum Scope {
        /// Open and renew sessions by user id.
        TokensIssue = "tokens:issue",
        /// Introspect tokens (RFC 7662).
        TokensIntrospect = "tokens:introspect",
        /// Revoke tokens (RFC 7009).
        TokensRevoke = "tokens:revoke",
        /// Read users and sessions.
        UsersRead = "users:read",
        /// Change users, and read them.
        UsersWrite = "users:write",
    }
}

/// The SHA-256 of a service key. A key has 256 random bits, so a fast hash suffices and looking it up
/// by its hash leaks nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ServiceKeyHash(pub [u8; 32]);

impl fmt::Debug for ServiceKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKeyHash(…)")
    }
}

/// A service key, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// Its id.
    pub id: String,
    /// Its name, unique among those not revoked.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it expires.
    pub expires_at: Option<UnixMillis>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMillis>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UnixMillis>,
}

impl ServiceKey {
    /// Whether it has `scope`. `users:write` includes `users:read`.
    pub fn grants(&self, scope: Scope) -> bool {
        let reads = scope == Scope::UsersRead && self.scopes.contains(&Scope::UsersWrite);
        reads || self.scopes.contains(&scope)
    }

    /// Whether it is neither revoked nor expired.
    pub fn is_valid(&self, now: UnixMillis) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

/// The outcome of adding a service key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// It was added.
    Done,
    /// Another key that is not revoked has this name.
    NameTaken,
}

/// Adds a service key.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(
    connection: &mut AnyConnection,
    key: &ServiceKey,
    hash: ServiceKeyHash,
) -> Result<Addition, StoreError> {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let row = Row {
        id: key.id.clone(),
        name: key.name.clone(),
        hash: hash.0.to_vec(),
        scopes: scopes.join(" "),
        created_at: key.created_at.as_millis(),
        expires_at: key.expires_at.map(UnixMillis::as_millis),
        revoked_at: key.revoked_at.map(UnixMillis::as_millis),
        last_used_at: key.last_used_at.map(UnixMillis::as_millis),
    };
    let Err(error) = diesel::insert_into(service_keys::table)
        .values(row)
        .execute(connection)
    else {
        return Ok(Addition::Done);
    };
    match violated_constraint(&error).as_deref() {
        Some(constraint) if constraint.contains("name") => Ok(Addition::NameTaken),
        _ => Err(error.into()),
    }
}

/// The service key of this hash, valid or not.
///
/// # Errors
///
/// [`StoreError`].
pub fn find(
    connection: &mut AnyConnection,
    hash: &ServiceKeyHash,
) -> Result<Option<ServiceKey>, StoreError> {
    let row = service_keys::table
        .filter(service_keys::hash.eq(hash.0.as_slice()))
        .first::<Row>(connection)
        .optional()?;
    Ok(row.map(Row::into_service_key))
}

/// Records that a service key was used.
///
/// # Errors
///
/// [`StoreError`].
pub fn touch(connection: &mut AnyConnection, id: &str, now: UnixMillis) -> Result<(), StoreError> {
    diesel::update(service_keys::table.find(id))
        .set(service_keys::last_used_at.eq(now.as_millis()))
        .execute(connection)?;
    Ok(())
}

/// The hashes of at most `limit` service keys that are valid at `now`, the last used first.
///
/// # Errors
///
/// [`StoreError`].
pub fn valid_hashes(
    connection: &mut AnyConnection,
    now: UnixMillis,
    limit: u16,
) -> Result<Vec<ServiceKeyHash>, StoreError> {
    let expires_later = service_keys::expires_at.gt(now.as_millis());
    let hashes: Vec<Vec<u8>> = service_keys::table
        .filter(service_keys::revoked_at.is_null())
        .filter(service_keys::expires_at.is_null().or(expires_later))
        .order(service_keys::last_used_at.desc())
        .limit(limit.into())
        .select(service_keys::hash)
        .load(connection)?;
    // Other lengths are no hashes of keys.
    let hashes = hashes.into_iter().filter_map(|hash| hash.try_into().ok());
    Ok(hashes.map(ServiceKeyHash).collect())
}

/// All service keys, oldest first.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(connection: &mut AnyConnection) -> Result<Vec<ServiceKey>, StoreError> {
    let rows = service_keys::table
        .order((service_keys::created_at, service_keys::id))
        .load::<Row>(connection)?;
    Ok(rows.into_iter().map(Row::into_service_key).collect())
}

/// Revokes the service key of this name or id, and returns its name; `None` if no key that is not
/// revoked has it.
///
/// # Errors
///
/// [`StoreError`].
pub fn revoke(
    connection: &mut AnyConnection,
    name_or_id: &str,
    now: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let live = service_keys::table
        .filter(
            service_keys::name
                .eq(name_or_id)
                .or(service_keys::id.eq(name_or_id)),
        )
        .filter(service_keys::revoked_at.is_null());
    let revoked = diesel::update(live)
        .set(service_keys::revoked_at.eq(now.as_millis()))
        .returning(service_keys::name)
        .get_results::<String>(connection)?;
    Ok(revoked.into_iter().next())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = service_keys)]
struct Row {
    id: String,
    name: String,
    hash: Vec<u8>,
    scopes: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl Row {
    /// Scopes that this version does not know are dropped: they grant nothing.
    fn into_service_key(self) -> ServiceKey {
        ServiceKey {
            id: self.id,
            name: self.name,
            scopes: self.scopes.split(' ').filter_map(Scope::parse).collect(),
            created_at: UnixMillis::from_millis(self.created_at),
            expires_at: self.expires_at.map(UnixMillis::from_millis),
            revoked_at: self.revoked_at.map(UnixMillis::from_millis),
            last_used_at: self.last_used_at.map(UnixMillis::from_millis),
        }
    }
}

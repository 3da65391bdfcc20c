//! Users.

mod change;

use std::fmt;

use diesel::prelude::*;
use thiserror::Error;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::users;
use crate::time::UnixMillis;

pub use change::{
    Changed, Updated, UserChanges, change_password, delete, disable, enable, rehash, set_password,
    update,
};

/// Names a user; in tokens it is the `sub` claim. A UUID for a user registered here, the text
/// that it was elsewhere for one who was imported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

/// The text is no user id: it has 1 to 64 visible ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have 1 to 64 visible ASCII characters")]
pub struct InvalidUserId;

impl UserId {
    /// A version 7 UUID (RFC 9562).
    pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
        Self(uuid_v7(now, random).hyphenated().to_string())
    }

    /// Any id that can stand in a header.
    ///
    /// # Errors
    ///
    /// [`InvalidUserId`] unless it has 1 to 64 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidUserId> {
        if (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUserId)
        }
    }

    /// As it is written everywhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn uuid_v7(now: UnixMillis, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// A hashed password, as a PHC string or as another system stored it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash as it is.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// For a verification, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name, unique.
    pub name: String,
    /// Their e-mail address, unique without regard to case.
    pub email: String,
    /// Without one, only a service key opens sessions for them.
    pub password: Option<PasswordHash>,
    /// Their own claims in access tokens, a JSON object.
    pub claims: String,
    /// When they were added.
    pub created_at: UnixMillis,
    /// Since when they may not sign in.
    pub disabled_at: Option<UnixMillis>,
}

/// What became of a user who was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// They are there.
    Added,
    /// Someone has that id.
    IdTaken,
    /// Someone has that name.
    NameTaken,
    /// Someone has that e-mail address.
    EmailTaken,
}

/// Adds a user.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(connection: &mut AnyConnection, user: &User) -> Result<Added, StoreError> {
    let Err(error) = diesel::insert_into(users::table)
        .values(Row::from(user))
        .execute(connection)
    else {
        return Ok(Added::Added);
    };
    match violated_constraint(&error).as_deref() {
        Some(constraint) if constraint.contains("email") => Ok(Added::EmailTaken),
        Some(constraint) if constraint.contains("name") => Ok(Added::NameTaken),
        Some(_) => Ok(Added::IdTaken),
        None => Err(error.into()),
    }
}

/// What became of a user who was to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// They are there now.
    Added,
    /// They were there before, by id and e-mail address.
    Known,
    /// Another user has that id.
    IdTaken,
    /// Another user has that name.
    NameTaken,
    /// Another user has that e-mail address.
    EmailTaken,
}

/// Adds a user, unless they or somebody else is in the way. Unlike [`add`], it leaves a transaction
/// of use on PostgreSQL.
///
/// # Errors
///
/// [`StoreError`].
pub fn import(connection: &mut AnyConnection, user: &User) -> Result<Imported, StoreError> {
    let row = Row::from(user);
    let insert = diesel::insert_into(users::table);
    let added = match connection {
        AnyConnection::Sqlite(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
        AnyConnection::Postgres(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
    };
    if added == 1 {
        return Ok(Imported::Added);
    }
    if let Some(known) = find(connection, &user.id)? {
        return Ok(match email_key(&known.email) == email_key(&user.email) {
            true => Imported::Known,
            false => Imported::IdTaken,
        });
    }
    let of_email = users::table.filter(users::email_key.eq(email_key(&user.email)));
    let of_email = of_email.select(users::id).first::<String>(connection);
    Ok(match of_email.optional()? {
        Some(_) => Imported::EmailTaken,
        None => Imported::NameTaken,
    })
}

/// The user of this id.
///
/// # Errors
///
/// [`StoreError`].
pub fn find(connection: &mut AnyConnection, id: &UserId) -> Result<Option<User>, StoreError> {
    users::table
        .find(id.as_str())
        .first::<Row>(connection)
        .optional()?
        .map(Row::into_user)
        .transpose()
}

/// The user of this e-mail address, without regard to case.
///
/// # Errors
///
/// [`StoreError`].
pub fn find_by_email(
    connection: &mut AnyConnection,
    email: &str,
) -> Result<Option<User>, StoreError> {
    // PostgreSQL takes no such text, so nobody has such an address.
    if email.contains('\0') {
        return Ok(None);
    }
    users::table
        .filter(users::email_key.eq(email_key(email)))
        .first::<Row>(connection)
        .optional()?
        .map(Row::into_user)
        .transpose()
}

/// The next users by id, at most `limit`, those after `after`; with a text to search for, those whose
/// e-mail address or name has it, or whose id it is.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(
    connection: &mut AnyConnection,
    after: Option<&UserId>,
    search: Option<&str>,
    limit: u16,
) -> Result<Vec<User>, StoreError> {
    // No id is smaller than the empty text.
    let after = after.map_or("", UserId::as_str);
    let mut wanted = users::table.into_boxed().filter(users::id.gt(after));
    if let Some(search) = search {
        // PostgreSQL takes no such text, so nobody has it.
        if search.contains('\0') {
            return Ok(Vec::new());
        }
        let pattern = format!("%{}%", escape_like(&search.to_lowercase()));
        let has_it = users::email_key
            .like(pattern.clone())
            .escape('\\')
            .or(lower(users::name).like(pattern).escape('\\'))
            .or(users::name
                .like(format!("%{}%", escape_like(search)))
                .escape('\\'))
            .or(users::id.eq(search.to_owned()));
        wanted = wanted.filter(has_it);
    }
    wanted
        .order(users::id)
        .limit(limit.into())
        .load::<Row>(connection)?
        .into_iter()
        .map(Row::into_user)
        .collect()
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// In lower case; SQLite knows ASCII alone.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn email_key(email: &str) -> String {
    email.to_lowercase()
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = users)]
struct Row {
    id: String,
    name: String,
    email: String,
    email_key: String,
    password: Option<String>,
    claims: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

impl From<&User> for Row {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.as_str().to_owned(),
            name: user.name.clone(),
            email: user.email.clone(),
            email_key: email_key(&user.email),
            password: user.password.as_ref().map(|hash| hash.0.clone()),
            claims: user.claims.clone(),
            created_at: user.created_at.as_millis(),
            disabled_at: user.disabled_at.map(UnixMillis::as_millis),
        }
    }
}

impl Row {
    fn into_user(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId::parse(&self.id).map_err(|_| StoreError::Unreadable("user"))?,
            name: self.name,
            email: self.email,
            password: self.password.map(PasswordHash),
            claims: self.claims,
            created_at: UnixMillis::from_millis(self.created_at),
            disabled_at: self.disabled_at.map(UnixMillis::from_millis),
        })
    }
}

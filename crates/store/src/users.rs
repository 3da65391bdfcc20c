//! Users.

mod token_claims;

use std::fmt;

use diesel::prelude::*;

use crate::challenges;
use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
use crate::schema::{deleted_users, users};
use crate::time::UnixMillis;
use crate::user_id::email_key;

pub use crate::user_id::{InvalidUserId, UserId};
pub use token_claims::EMAIL_VERIFIED;

/// A password hash: a PHC string, or the form of the system it was imported from. `Debug` does not
/// show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub(crate) String);

impl PasswordHash {
    /// Wraps a hash without checking it.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// The hash itself, for verification only.
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
    /// The user's id.
    pub id: UserId,
    /// The display name; not unique.
    pub name: String,
    /// The email address; unique, ignoring case.
    pub email: String,
    /// The password hash; without one, only a service key can open sessions for the user.
    pub password: Option<PasswordHash>,
    /// The custom claims in access tokens, a JSON object.
    pub claims: String,
    /// When the user was added.
    pub created_at: UnixMillis,
    /// When the user was disabled; `None` if they are enabled.
    pub disabled_at: Option<UnixMillis>,
    /// When the user proved that they read the mail of their address; `None` if they have not.
    pub email_verified_at: Option<UnixMillis>,
    /// The language of mails and pages.
    pub locale: Option<String>,
}

/// The outcome of adding a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// The user was added.
    Done,
    /// Another user has this id, or had it before they were deleted.
    IdTaken,
    /// Another user has this email address, or could still take it back.
    EmailTaken,
}

/// Adds a user. Requires a transaction; when the id or the email address is taken, PostgreSQL aborts it.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(connection: &mut AnyConnection, user: &User) -> Result<Addition, StoreError> {
    let Err(error) = diesel::insert_into(users::table)
        .values(Row::from(user))
        .execute(connection)
    else {
        if take_back(connection, &user.id)? {
            return Ok(Addition::IdTaken);
        }
        // Checked after the insertion, which may have waited for a change of the address to be committed.
        if challenges::is_reserved(connection, &user.email, &user.id, user.created_at)? {
            diesel::delete(users::table.find(user.id.as_str())).execute(connection)?;
            return Ok(Addition::EmailTaken);
        }
        return Ok(Addition::Done);
    };
    match violated_constraint(&error).as_deref() {
        Some(constraint) if constraint.contains("email") => Ok(Addition::EmailTaken),
        Some(_) => Ok(Addition::IdTaken),
        None => Err(error.into()),
    }
}

/// Writes the user of this email address as they are: it takes as long as adding one, and changes nothing.
///
/// # Errors
///
/// [`StoreError`].
pub fn rewrite(connection: &mut AnyConnection, email: &str) -> Result<(), StoreError> {
    let key = email_key(email);
    diesel::update(users::table.filter(users::email_key.eq(&key)))
        .set(users::email_key.eq(&key))
        .execute(connection)?;
    Ok(())
}

/// The outcome of importing a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// The user was added.
    Added,
    /// The user exists already, with this id and email address.
    Known,
    /// Another user has this id, or had it before they were deleted.
    IdTaken,
    /// Another user has this email address.
    EmailTaken,
}

/// Adds a user unless their id or email address is taken. Unlike [`add`], it never aborts a
/// transaction on PostgreSQL.
///
/// # Errors
///
/// [`StoreError`].
pub fn import(connection: &mut AnyConnection, user: &User) -> Result<Import, StoreError> {
    let row = Row::from(user);
    let insert = diesel::insert_into(users::table);
    let added = match connection {
        AnyConnection::Sqlite(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
        AnyConnection::Postgres(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
    };
    if added == 1 {
        return Ok(match take_back(connection, &user.id)? {
            true => Import::IdTaken,
            false => Import::Added,
        });
    }
    if let Some(known) = find(connection, &user.id)? {
        return Ok(match email_key(&known.email) == email_key(&user.email) {
            true => Import::Known,
            false => Import::IdTaken,
        });
    }
    Ok(Import::EmailTaken)
}

/// Deletes a user who was just added if another one had the id, and returns whether that was so. Checked
/// after the insertion, which may have waited for a deletion to be committed.
fn take_back(connection: &mut AnyConnection, id: &UserId) -> QueryResult<bool> {
    let had_it = was_deleted(connection, id)?;
    if had_it {
        diesel::delete(users::table.find(id.as_str())).execute(connection)?;
    }
    Ok(had_it)
}

/// Whether a user of this id was deleted.
pub(crate) fn was_deleted(connection: &mut AnyConnection, id: &UserId) -> QueryResult<bool> {
    let deleted = deleted_users::table.find(id.as_str());
    let found = deleted
        .select(deleted_users::id)
        .first::<String>(connection);
    Ok(found.optional()?.is_some())
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

/// The user of this email address, ignoring case.
///
/// # Errors
///
/// [`StoreError`].
pub fn find_by_email(
    connection: &mut AnyConnection,
    email: &str,
) -> Result<Option<User>, StoreError> {
    // PostgreSQL refuses such text, so nobody has such an address.
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

/// At most `limit` users after `after`, ordered by id; with `search`, those whose email address or name
/// contains it, or whose id it is.
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
    // All ids sort after the empty text.
    let after = after.map_or("", UserId::as_str);
    let mut wanted = users::table.into_boxed().filter(users::id.gt(after));
    if let Some(search) = search {
        // PostgreSQL refuses such text, so nothing contains it.
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

/// The password hashes of at most `limit` users, chosen at random. Reads all of them.
///
/// # Errors
///
/// [`StoreError`].
pub fn sample_hashes(
    connection: &mut AnyConnection,
    limit: u16,
) -> Result<Vec<PasswordHash>, StoreError> {
    let hashes: Vec<Option<String>> = users::table
        .filter(users::password.is_not_null())
        .order(random())
        .limit(limit.into())
        .select(users::password)
        .load(connection)?;
    Ok(hashes.into_iter().flatten().map(PasswordHash).collect())
}

/// The length of the longest custom claims of a user, in characters. Reads all of them.
///
/// # Errors
///
/// [`StoreError`].
pub fn longest_claims(connection: &mut AnyConnection) -> Result<usize, StoreError> {
    let longest: Option<i32> = users::table
        .select(diesel::dsl::max(length(users::claims)))
        .first(connection)?;
    Ok(longest
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or(0))
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// The number of characters.
    fn length(text: diesel::sql_types::Text) -> diesel::sql_types::Integer;

    /// Another number for each row.
    fn random() -> diesel::sql_types::Double;

    /// Lower case; SQLite changes ASCII letters only.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
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
    email_verified_at: Option<i64>,
    locale: Option<String>,
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
            email_verified_at: user.email_verified_at.map(UnixMillis::as_millis),
            locale: user.locale.clone(),
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
            email_verified_at: self.email_verified_at.map(UnixMillis::from_millis),
            locale: self.locale,
        })
    }
}

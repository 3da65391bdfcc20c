//! Challenges: what was asked for and is awaited, such as a mailed code or link. A row is used once, and
//! nothing in it works as a secret: codes and links are computed from its id.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use uuid::Uuid;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::challenges;
use crate::time::UnixMillis;
use crate::user_id::{UserId, email_key, uuid_v7};
use crate::words::words;

words! {
    /// What a challenge is for.
    pub enum ChallengeKind {
        /// To prove that an address is the user's.
        VerifyEmail = "verify_email",
        /// To prove that the new address is the user's, before it replaces the old one.
        ChangeEmail = "change_email",
        /// To take a change of the address back.
        UndoEmailChange = "undo_email_change",
        /// To set a password without the current one.
        ResetPassword = "reset_password",
        /// To set a password with a link that somebody else hands out: it proves no address.
        SetPassword = "set_password",
        /// To sign in by mail.
        SignIn = "sign_in",
        /// To take up an account that somebody else has made.
        Invitation = "invitation",
    }
}

impl ChallengeKind {
    /// Whether anybody may ask for one who knows the address.
    fn is_asked_by_strangers(self) -> bool {
        matches!(self, ChallengeKind::ResetPassword | ChallengeKind::SignIn)
    }
}

/// Identifies a challenge: a UUID of version 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeId(Uuid);

impl ChallengeId {
    /// A new id.
    pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
        Self(uuid_v7(now, random))
    }

    /// The id of these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(Self)
    }
}

impl fmt::Display for ChallengeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The SHA-256 of the secret in a browser's cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BrowserHash(pub [u8; 32]);

impl fmt::Debug for BrowserHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserHash(…)")
    }
}

/// Something that is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// What it is for.
    pub kind: ChallengeKind,
    /// The user, if the address is somebody's.
    pub user_id: Option<UserId>,
    /// The address it is about. For a change, that is the new one; to undo a change, the old one.
    pub email: String,
    /// The browser that asked.
    pub browser: Option<BrowserHash>,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
    /// When it was made.
    pub created_at: UnixMillis,
    /// When it expires.
    pub expires_at: UnixMillis,
}

/// Adds a challenge that allows this many attempts, in place of earlier ones of its kind for its user, or, if
/// there is none, for its address. Where strangers may ask, it only replaces what the same browser asked for, so
/// that nobody can make those useless that others asked for. One that takes a change of the address back
/// replaces none. Requires a transaction.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(
    connection: &mut AnyConnection,
    new: &Challenge,
    attempts: u32,
) -> Result<(), StoreError> {
    if new.kind != ChallengeKind::UndoEmailChange {
        replace(connection, new)?;
    }
    diesel::insert_into(challenges::table)
        .values((
            challenges::id.eq(new.id.to_string()),
            challenges::kind.eq(new.kind.as_str()),
            challenges::user_id.eq(new.user_id.as_ref().map(UserId::as_str)),
            challenges::email.eq(&new.email),
            challenges::email_key.eq(email_key(&new.email)),
            challenges::browser.eq(new.browser.as_ref().map(|hash| hash.0.to_vec())),
            challenges::return_to.eq(&new.return_to),
            challenges::created_at.eq(new.created_at.as_millis()),
            challenges::expires_at.eq(new.expires_at.as_millis()),
            challenges::attempts_left.eq(i64::from(attempts)),
        ))
        .execute(connection)?;
    Ok(())
}

/// There are few of a kind: asking is limited, and the others go when the address is proven.
fn replace(connection: &mut AnyConnection, new: &Challenge) -> Result<(), StoreError> {
    let of_kind = challenges::table.filter(challenges::kind.eq(new.kind.as_str()));
    let columns = (challenges::id, challenges::browser);
    let earlier: Vec<(String, Option<Vec<u8>>)> = match &new.user_id {
        Some(user) => of_kind
            .filter(challenges::user_id.eq(user.as_str()))
            .select(columns)
            .load(connection)?,
        None => of_kind
            .filter(challenges::email_key.eq(email_key(&new.email)))
            .filter(challenges::user_id.is_null())
            .select(columns)
            .load(connection)?,
    };
    let browser = new.browser.as_ref().map(|hash| hash.0.to_vec());
    let may_replace =
        |asked: &Option<Vec<u8>>| !new.kind.is_asked_by_strangers() || *asked == browser;
    for (id, _) in earlier.iter().filter(|(_, asked)| may_replace(asked)) {
        diesel::delete(challenges::table.find(id)).execute(connection)?;
    }
    Ok(())
}

/// Whether a user other than `except` could still take this address back.
///
/// # Errors
///
/// [`StoreError`].
pub(crate) fn is_reserved(
    connection: &mut AnyConnection,
    email: &str,
    except: &UserId,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let reserving = challenges::table
        .filter(challenges::email_key.eq(email_key(email)))
        .filter(challenges::kind.eq(ChallengeKind::UndoEmailChange.as_str()))
        .filter(challenges::user_id.ne(except.as_str()))
        .filter(challenges::used_at.is_null())
        .filter(challenges::expires_at.gt(now.as_millis()))
        .select(challenges::id);
    let found: Option<String> = reserving.first(connection).optional()?;
    Ok(found.is_some())
}

/// The challenge of this id, unless it was used or has expired.
///
/// # Errors
///
/// [`StoreError`].
pub fn find_live(
    connection: &mut AnyConnection,
    id: ChallengeId,
    now: UnixMillis,
) -> Result<Option<Challenge>, StoreError> {
    challenges::table
        .find(id.to_string())
        .filter(challenges::used_at.is_null())
        .filter(challenges::expires_at.gt(now.as_millis()))
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(Row::into_challenge)
        .transpose()
}

/// The newest live challenge of this kind that the browser asked for about this address.
///
/// # Errors
///
/// [`StoreError`].
pub fn of_browser(
    connection: &mut AnyConnection,
    browser: BrowserHash,
    kind: ChallengeKind,
    now: UnixMillis,
) -> Result<Option<Challenge>, StoreError> {
    let theirs = challenges::table
        .into_boxed()
        .filter(challenges::browser.eq(browser.0.to_vec()));
    newest(connection, theirs, kind, now)
}

/// The newest live challenge of this kind of a user.
///
/// # Errors
///
/// [`StoreError`].
pub fn of_user(
    connection: &mut AnyConnection,
    user_id: &UserId,
    kind: ChallengeKind,
    now: UnixMillis,
) -> Result<Option<Challenge>, StoreError> {
    let theirs = challenges::table
        .into_boxed()
        .filter(challenges::user_id.eq(user_id.as_str()));
    newest(connection, theirs, kind, now)
}

fn newest(
    connection: &mut AnyConnection,
    theirs: challenges::BoxedQuery<'_, <AnyConnection as Connection>::Backend>,
    kind: ChallengeKind,
    now: UnixMillis,
) -> Result<Option<Challenge>, StoreError> {
    theirs
        .filter(challenges::kind.eq(kind.as_str()))
        .filter(challenges::used_at.is_null())
        .filter(challenges::expires_at.gt(now.as_millis()))
        .order(challenges::id.desc())
        .select(Row::as_select())
        .first(connection)
        .optional()?
        .map(Row::into_challenge)
        .transpose()
}

/// Takes one of the attempts that are left, and returns whether there was one. Of concurrent calls, as many
/// succeed as there are attempts.
///
/// # Errors
///
/// [`StoreError`].
pub fn take_attempt(
    connection: &mut AnyConnection,
    id: ChallengeId,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let open = challenges::table
        .find(id.to_string())
        .filter(challenges::used_at.is_null())
        .filter(challenges::expires_at.gt(now.as_millis()))
        .filter(challenges::attempts_left.gt(0));
    let taken = diesel::update(open)
        .set(challenges::attempts_left.eq(challenges::attempts_left - 1))
        .execute(connection)?;
    Ok(taken == 1)
}

/// Uses a challenge up, and returns whether it was live. Of concurrent calls, one does.
///
/// # Errors
///
/// [`StoreError`].
pub fn consume(
    connection: &mut AnyConnection,
    id: ChallengeId,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let live = challenges::table
        .find(id.to_string())
        .filter(challenges::used_at.is_null())
        .filter(challenges::expires_at.gt(now.as_millis()));
    let used = diesel::update(live)
        .set(challenges::used_at.eq(now.as_millis()))
        .execute(connection)?;
    Ok(used == 1)
}

/// Deletes all challenges of a user.
///
/// # Errors
///
/// [`StoreError`].
pub(crate) fn forget_all(
    connection: &mut AnyConnection,
    user_id: &UserId,
) -> Result<(), StoreError> {
    let all = challenges::table.filter(challenges::user_id.eq(user_id.as_str()));
    diesel::delete(all).execute(connection)?;
    Ok(())
}

/// Deletes the challenges that take later changes of the address back than this one does: whoever made those
/// changes must not take the account again.
///
/// # Errors
///
/// [`StoreError`].
pub(crate) fn forget_later_undos(
    connection: &mut AnyConnection,
    used: &Challenge,
) -> Result<(), StoreError> {
    let later = challenges::table
        .filter(challenges::kind.eq(ChallengeKind::UndoEmailChange.as_str()))
        .filter(challenges::user_id.eq(used.user_id.as_ref().map(UserId::as_str)))
        .filter(challenges::created_at.ge(used.created_at.as_millis()))
        .filter(challenges::id.ne(used.id.to_string()));
    diesel::delete(later).execute(connection)?;
    Ok(())
}

/// Deletes a user's challenges, except those that take a change of the address back: whoever has taken the
/// account over must not be able to delete them.
///
/// # Errors
///
/// [`StoreError`].
pub fn forget(connection: &mut AnyConnection, user_id: &UserId) -> Result<(), StoreError> {
    let undo = ChallengeKind::UndoEmailChange.as_str();
    let others = challenges::table
        .filter(challenges::user_id.eq(user_id.as_str()))
        .filter(challenges::kind.ne(undo));
    diesel::delete(others).execute(connection)?;
    Ok(())
}

/// Deletes at most `limit` challenges that expired before `before`, and returns how many.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_expired(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    let deleted = sql_query(
        "DELETE FROM challenges WHERE id IN (SELECT id FROM challenges WHERE expires_at < $1 \
         ORDER BY expires_at LIMIT $2)",
    )
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenges)]
struct Row {
    id: String,
    kind: String,
    user_id: Option<String>,
    email: String,
    browser: Option<Vec<u8>>,
    return_to: Option<String>,
    created_at: i64,
    expires_at: i64,
}

impl Row {
    fn into_challenge(self) -> Result<Challenge, StoreError> {
        let unreadable = || StoreError::Unreadable("challenge");
        let user_id = self.user_id.as_deref().map(UserId::parse).transpose();
        let browser = self.browser.map(<[u8; 32]>::try_from).transpose();
        Ok(Challenge {
            id: ChallengeId::parse(&self.id).ok_or_else(unreadable)?,
            kind: ChallengeKind::parse(&self.kind).ok_or_else(unreadable)?,
            user_id: user_id.map_err(|_| unreadable())?,
            email: self.email,
            browser: browser.map_err(|_| unreadable())?.map(BrowserHash),
            return_to: self.return_to,
            created_at: UnixMillis::from_millis(self.created_at),
            expires_at: UnixMillis::from_millis(self.expires_at),
        })
    }
}

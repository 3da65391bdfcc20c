//! The outbox: mails that wait to be delivered, and what became of them. A row holds the kind and the
//! parameters of a mail, never a code or a link. It is added in the transaction of what causes it.

mod reused;

use std::fmt;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use uuid::Uuid;

use crate::challenges::ChallengeId;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::outbox;
use crate::time::UnixMillis;
use crate::user_id::{UserId, uuid_v7};
use crate::words::words;

pub use reused::{Reused, reused_sessions};

words! {
    /// What a mail says.
    pub enum MailKind {
        /// Confirm your address.
        VerifyEmail = "verify_email",
        /// Confirm your new address.
        ChangeEmail = "change_email",
        /// Your address was changed; this takes it back.
        EmailChanged = "email_changed",
        /// Set a new password.
        ResetPassword = "reset_password",
        /// A code to sign in with.
        SignIn = "sign_in",
        /// Somebody has made an account for you.
        Invitation = "invitation",
        /// Somebody tried to register with your address.
        AccountExists = "account_exists",
        /// A sign-in from a device that was not seen before.
        NewDevice = "new_device",
        /// Your password was changed.
        PasswordChanged = "password_changed",
        /// A session was ended because its refresh token was used twice.
        SessionReused = "session_reused",
        /// Your account was deleted.
        AccountDeleted = "account_deleted",
    }
}

words! {
    /// What became of a mail.
    pub enum MailOutcome {
        /// It was handed over.
        Sent = "sent",
        /// It could not be handed over.
        GivenUp = "given_up",
        /// It was never to be sent: nobody has the address. The row is there so that asking takes as long.
        Suppressed = "suppressed",
    }
}

/// Identifies a mail: a UUID of version 7, so that later mails sort after earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailId(Uuid);

impl MailId {
    /// A new id.
    pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
        Self(uuid_v7(now, random))
    }

    /// Reads an id.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::parse_str(text).ok().map(Self)
    }
}

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A mail to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// Its id.
    pub id: MailId,
    /// What it says.
    pub kind: MailKind,
    /// The user it is for.
    pub user_id: Option<UserId>,
    /// The challenge whose link and code are in it.
    pub challenge_id: Option<ChallengeId>,
    /// The address it goes to.
    pub recipient: String,
    /// The language.
    pub locale: Option<String>,
    /// What else is in it, a JSON object.
    pub parameters: String,
    /// Now.
    pub created_at: UnixMillis,
    /// What became of it already.
    pub outcome: Option<MailOutcome>,
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The mail.
    pub mail: NewMail,
    /// When it is tried next.
    pub due_at: UnixMillis,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When its outcome was known.
    pub done_at: Option<UnixMillis>,
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The number of mails.
    pub count: u64,
    /// When the oldest was added.
    pub oldest: Option<UnixMillis>,
}

/// Adds a mail.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(connection: &mut AnyConnection, new: &NewMail) -> Result<(), StoreError> {
    diesel::insert_into(outbox::table)
        .values(Row::from(new))
        .execute(connection)?;
    Ok(())
}

/// Adds a mail unless there is one with its id.
///
/// # Errors
///
/// [`StoreError`].
pub fn add_once(connection: &mut AnyConnection, new: &NewMail) -> Result<(), StoreError> {
    let (row, insert) = (Row::from(new), diesel::insert_into(outbox::table));
    match connection {
        AnyConnection::Sqlite(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
        AnyConnection::Postgres(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
    };
    Ok(())
}

/// At most `limit` mails that are due, in the order in which they were added.
///
/// # Errors
///
/// [`StoreError`].
pub fn due(
    connection: &mut AnyConnection,
    now: UnixMillis,
    limit: u16,
) -> Result<Vec<Mail>, StoreError> {
    outbox::table
        .filter(outbox::done_at.is_null())
        .filter(outbox::due_at.le(now.as_millis()))
        .order(outbox::id)
        .limit(limit.into())
        .load::<Row>(connection)?
        .into_iter()
        .map(Row::into_mail)
        .collect()
}

/// Notes what became of a mail.
///
/// # Errors
///
/// [`StoreError`].
pub fn finish(
    connection: &mut AnyConnection,
    id: MailId,
    outcome: MailOutcome,
    why: Option<&str>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    diesel::update(outbox::table.find(id.to_string()))
        .set((
            outbox::outcome.eq(outcome.as_str()),
            outbox::last_error.eq(why),
            outbox::done_at.eq(now.as_millis()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Notes that an attempt failed, and when the next one is due.
///
/// # Errors
///
/// [`StoreError`].
pub fn postpone(
    connection: &mut AnyConnection,
    id: MailId,
    why: &str,
    until: UnixMillis,
) -> Result<(), StoreError> {
    diesel::update(outbox::table.find(id.to_string()))
        .set((
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::last_error.eq(why),
            outbox::due_at.eq(until.as_millis()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Makes a mail that waits, or was given up, due at once, and returns whether there is such a mail.
///
/// # Errors
///
/// [`StoreError`].
pub fn retry(
    connection: &mut AnyConnection,
    id: MailId,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let unsent = outbox::table.find(id.to_string()).filter(
        outbox::outcome
            .is_null()
            .or(outbox::outcome.eq(MailOutcome::GivenUp.as_str())),
    );
    let changed = diesel::update(unsent)
        .set((
            outbox::due_at.eq(now.as_millis()),
            outbox::attempts.eq(0),
            outbox::outcome.eq(None::<String>),
            outbox::done_at.eq(None::<i64>),
        ))
        .execute(connection)?;
    Ok(changed == 1)
}

/// The mail of this id.
///
/// # Errors
///
/// [`StoreError`].
pub fn find(connection: &mut AnyConnection, id: MailId) -> Result<Option<Mail>, StoreError> {
    outbox::table
        .find(id.to_string())
        .first::<Row>(connection)
        .optional()?
        .map(Row::into_mail)
        .transpose()
}

/// At most `limit` mails before `before`, newest first.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(
    connection: &mut AnyConnection,
    before: Option<MailId>,
    limit: u16,
) -> Result<Vec<Mail>, StoreError> {
    let mut wanted = outbox::table.into_boxed();
    if let Some(before) = before {
        wanted = wanted.filter(outbox::id.lt(before.to_string()));
    }
    wanted
        .order(outbox::id.desc())
        .limit(limit.into())
        .load::<Row>(connection)?
        .into_iter()
        .map(Row::into_mail)
        .collect()
}

/// What waits.
///
/// # Errors
///
/// [`StoreError`].
pub fn waiting(connection: &mut AnyConnection) -> Result<Waiting, StoreError> {
    let (count, oldest): (i64, Option<i64>) = outbox::table
        .filter(outbox::done_at.is_null())
        .select((
            diesel::dsl::count_star(),
            diesel::dsl::min(outbox::created_at),
        ))
        .first(connection)?;
    Ok(Waiting {
        count: u64::try_from(count).unwrap_or(0),
        oldest: oldest.map(UnixMillis::from_millis),
    })
}

/// Deletes at most `limit` mails that were added before `before`, and returns how many: whether they were sent,
/// given up or never tried, nobody expects them any more.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_old(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    let deleted = sql_query(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE created_at < $1 \
         ORDER BY created_at LIMIT $2)",
    )
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = outbox)]
struct Row {
    id: String,
    kind: String,
    user_id: Option<String>,
    challenge_id: Option<String>,
    recipient: String,
    locale: Option<String>,
    parameters: String,
    created_at: i64,
    due_at: i64,
    attempts: i64,
    last_error: Option<String>,
    outcome: Option<String>,
    done_at: Option<i64>,
}

impl From<&NewMail> for Row {
    fn from(new: &NewMail) -> Self {
        let created_at = new.created_at.as_millis();
        Self {
            id: new.id.to_string(),
            kind: new.kind.as_str().to_owned(),
            user_id: new.user_id.as_ref().map(ToString::to_string),
            challenge_id: new.challenge_id.map(|id| id.to_string()),
            recipient: new.recipient.clone(),
            locale: new.locale.clone(),
            parameters: new.parameters.clone(),
            created_at,
            due_at: created_at,
            attempts: 0,
            last_error: None,
            outcome: new.outcome.map(|outcome| outcome.as_str().to_owned()),
            done_at: new.outcome.map(|_| created_at),
        }
    }
}

impl Row {
    fn into_mail(self) -> Result<Mail, StoreError> {
        let unreadable = || StoreError::Unreadable("mail");
        let user_id = self.user_id.as_deref().map(UserId::parse).transpose();
        let challenge_id = self
            .challenge_id
            .map(|id| ChallengeId::parse(&id).ok_or_else(unreadable));
        let outcome = self
            .outcome
            .map(|word| MailOutcome::parse(&word).ok_or_else(unreadable));
        Ok(Mail {
            mail: NewMail {
                id: MailId::parse(&self.id).ok_or_else(unreadable)?,
                kind: MailKind::parse(&self.kind).ok_or_else(unreadable)?,
                user_id: user_id.map_err(|_| unreadable())?,
                challenge_id: challenge_id.transpose()?,
                recipient: self.recipient,
                locale: self.locale,
                parameters: self.parameters,
                created_at: UnixMillis::from_millis(self.created_at),
                outcome: outcome.transpose()?,
            },
            due_at: UnixMillis::from_millis(self.due_at),
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            last_error: self.last_error,
            done_at: self.done_at.map(UnixMillis::from_millis),
        })
    }
}

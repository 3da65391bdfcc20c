//! The audit trail: what happened to accounts, sessions and keys, and by whom.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::events;
use crate::sessions::{Device, SessionId};
use crate::time::UnixMillis;
use crate::users::{UserId, uuid_v7};

/// Defines [`EventKind`] and how each is written.
macro_rules! kinds {
    ($($kind:ident $word:literal $meaning:literal)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $(#[doc = $meaning] $kind,)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: &[EventKind] = &[$(EventKind::$kind),*];

            /// As it is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(EventKind::$kind => $word,)* }
            }
        }
    };
}

kinds! {
    SignIn "sign_in" "Somebody signed in with a password, or tried to."
    Registration "registration" "Somebody registered."
    SessionIssued "session_issued" "A back end opened a session for a user."
    SessionEnded "session_ended" "A session was ended before its time."
    RefreshReused "refresh_reused" "An outdated refresh token was used: it may have been stolen."
    ReplayForgiven "replay_forgiven" "A refresh token was used again, late, and forgiven."
    ReplaySuspicious "replay_suspicious" "A refresh token was used again from another device or network."
    RenewalRecovered "renewal_recovered" "The database had lost a renewal that was acknowledged."
    PasswordChanged "password_changed" "A user changed their password, or tried to."
    PasswordSet "password_set" "A password was set by a link, or it was tried."
    PasswordLinkMade "password_link_made" "A link for setting a password was made."
    UserAdded "user_added" "The operator or a back end added a user."
    UsersImported "users_imported" "The operator imported users."
    UserChanged "user_changed" "Name, e-mail address or claims of a user were changed."
    UserDisabled "user_disabled" "A user was disabled."
    UserEnabled "user_enabled" "A user was enabled."
    UserDeleted "user_deleted" "A user was deleted."
    ServiceKeyCreated "service_key_created" "A service key was made."
    ServiceKeyRevoked "service_key_revoked" "A service key was revoked."
    ServiceKeyRefused "service_key_refused" "A service key was refused: unknown, expired, revoked, or without the scope."
    KeyRotated "key_rotated" "A signing key got a successor."
    KeyImported "key_imported" "A signing key was imported."
    KeysRewrapped "keys_rewrapped" "The master key was replaced."
}

impl EventKind {
    /// The kind that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventOutcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

impl EventOutcome {
    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            EventOutcome::Done => "done",
            EventOutcome::Refused => "refused",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut both = [EventOutcome::Done, EventOutcome::Refused].into_iter();
        both.find(|outcome| outcome.as_str() == text)
    }
}

/// Something that happened. Never with a token, a password or a hash in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// A UUID of version 7: in the order of time.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// What.
    pub kind: EventKind,
    /// What came of it.
    pub outcome: EventOutcome,
    /// Whom it concerns, if that is known.
    pub user_id: Option<UserId>,
    /// Which session.
    pub session_id: Option<SessionId>,
    /// The address it came from.
    pub ip: Option<String>,
    /// The `User-Agent`.
    pub user_agent: Option<String>,
    /// What else there is to say, in a few words.
    pub detail: Option<String>,
}

impl Event {
    /// Of this kind, done, with nothing known of it but the time.
    pub fn new(kind: EventKind, at: UnixMillis, random: [u8; 10]) -> Self {
        Self {
            id: uuid_v7(at, random).hyphenated().to_string(),
            at,
            kind,
            outcome: EventOutcome::Done,
            user_id: None,
            session_id: None,
            ip: None,
            user_agent: None,
            detail: None,
        }
    }

    /// Refused, and why.
    #[must_use]
    pub fn refused(self, why: &str) -> Self {
        Self {
            outcome: EventOutcome::Refused,
            ..self.detail(why)
        }
    }

    /// Concerning this user.
    #[must_use]
    pub fn user(self, id: &UserId) -> Self {
        Self {
            user_id: Some(id.clone()),
            ..self
        }
    }

    /// Concerning this session.
    #[must_use]
    pub fn session(self, id: SessionId) -> Self {
        Self {
            session_id: Some(id),
            ..self
        }
    }

    /// From there.
    #[must_use]
    pub fn device(self, device: &Device) -> Self {
        Self {
            ip: device.ip.clone(),
            user_agent: device.user_agent.clone(),
            ..self
        }
    }

    /// With this to say.
    #[must_use]
    pub fn detail(self, detail: &str) -> Self {
        Self {
            detail: Some(detail.to_owned()),
            ..self
        }
    }
}

/// Which events are wanted; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Concerning this user.
    pub user_id: Option<UserId>,
    /// Of this kind.
    pub kind: Option<EventKind>,
    /// With this outcome.
    pub outcome: Option<EventOutcome>,
    /// From this address.
    pub ip: Option<String>,
    /// At this time or later.
    pub since: Option<UnixMillis>,
    /// Older than the event of this id.
    pub before: Option<String>,
    /// Newer than the event of this id.
    pub after: Option<String>,
}

/// Adds events. In a transaction: all or none. Those that are there already stay as they are: a commit
/// whose answer was lost is done again.
///
/// # Errors
///
/// [`StoreError`].
pub fn add(connection: &mut AnyConnection, events: &[Event]) -> Result<(), StoreError> {
    for event in events {
        let (insert, row) = (diesel::insert_into(events::table), Row::from(event));
        match connection {
            AnyConnection::Sqlite(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
            AnyConnection::Postgres(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
        };
    }
    Ok(())
}

/// The newest events that are wanted, the newest first, at most `limit`.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(
    connection: &mut AnyConnection,
    filter: &EventFilter,
    limit: u16,
) -> Result<Vec<Event>, StoreError> {
    // No id is smaller than the empty text or greater than "g": they are hexadecimal.
    let text = |text: &Option<String>, otherwise: &str| text.clone().unwrap_or(otherwise.into());
    let since = filter.since.map_or(i64::MIN, UnixMillis::as_millis);
    let mut wanted = events::table
        .into_boxed()
        .filter(events::id.lt(text(&filter.before, "g")))
        .filter(events::id.gt(text(&filter.after, "")))
        .filter(events::at.ge(since));
    if let Some(id) = &filter.user_id {
        wanted = wanted.filter(events::user_id.eq(id.as_str()));
    }
    if let Some(kind) = filter.kind {
        wanted = wanted.filter(events::kind.eq(kind.as_str()));
    }
    if let Some(outcome) = filter.outcome {
        wanted = wanted.filter(events::outcome.eq(outcome.as_str()));
    }
    if let Some(ip) = &filter.ip {
        wanted = wanted.filter(events::ip.eq(ip));
    }
    let rows = wanted
        .order(events::id.desc())
        .limit(limit.into())
        .load::<Row>(connection)?;
    rows.into_iter().map(Row::into_event).collect()
}

/// Deletes events from before `before`, at most `limit`, and returns how many there were.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_before(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    // By id, which has the time in it: the index is there already.
    let first_kept = uuid_v7(before, [0; 10]).hyphenated().to_string();
    let deleted = sql_query(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id < $1 ORDER BY id LIMIT $2)",
    )
    .bind::<Text, _>(first_kept)
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = events)]
struct Row {
    id: String,
    at: i64,
    kind: String,
    outcome: String,
    user_id: Option<String>,
    session_id: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    detail: Option<String>,
}

impl From<&Event> for Row {
    fn from(event: &Event) -> Self {
        // PostgreSQL takes no NUL in a text.
        let text = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', ""));
        Self {
            id: event.id.clone(),
            at: event.at.as_millis(),
            kind: event.kind.as_str().to_owned(),
            outcome: event.outcome.as_str().to_owned(),
            user_id: event.user_id.as_ref().map(ToString::to_string),
            session_id: event.session_id.as_ref().map(ToString::to_string),
            ip: text(&event.ip),
            user_agent: text(&event.user_agent),
            detail: text(&event.detail),
        }
    }
}

impl Row {
    fn into_event(self) -> Result<Event, StoreError> {
        let unreadable = StoreError::Unreadable("event");
        let user_id = self.user_id.as_deref().map(UserId::parse).transpose();
        let (Some(kind), Some(outcome), Ok(user_id)) = (
            EventKind::parse(&self.kind),
            EventOutcome::parse(&self.outcome),
            user_id,
        ) else {
            return Err(unreadable);
        };
        Ok(Event {
            id: self.id,
            at: UnixMillis::from_millis(self.at),
            kind,
            outcome,
            user_id,
            session_id: self.session_id.as_deref().and_then(SessionId::parse),
            ip: self.ip,
            user_agent: self.user_agent,
            detail: self.detail,
        })
    }
}

//! The audit trail: what happened to accounts, sessions and keys, who did it, and why.

mod kind;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::actor::Actor;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::events;
use crate::sessions::{Device, SessionId};
use crate::time::UnixMillis;
use crate::user_id::{UserId, uuid_v7};

pub use kind::{Cause, EventKind, EventOutcome, Reason};

/// Something that happened. It never holds a token, a password or a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// A UUID of version 7, so that newer events sort after older ones.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// What.
    pub kind: EventKind,
    /// Whether it was done.
    pub outcome: EventOutcome,
    /// Who did it; `None` if the caller has not proven who they are.
    pub actor: Option<Actor>,
    /// The user it is about.
    pub user_id: Option<UserId>,
    /// The session it is about.
    pub session_id: Option<SessionId>,
    /// The client's address.
    pub ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// What else it is about: the id of a signing key, the name of a service key, a number of users or sessions, how
    /// somebody signed in.
    pub subject: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// The replica that recorded it.
    pub replica: Option<String>,
}

impl Event {
    /// An event of this kind that was done, with everything else unknown.
    pub fn new(kind: EventKind, at: UnixMillis, random: [u8; 10]) -> Self {
        Self {
            id: uuid_v7(at, random).hyphenated().to_string(),
            at,
            kind,
            outcome: EventOutcome::Done,
            actor: None,
            user_id: None,
            session_id: None,
            ip: None,
            user_agent: None,
            reason: None,
            subject: None,
            request_id: None,
            replica: None,
        }
    }

    /// It was refused, for this reason.
    #[must_use]
    pub fn refused(self, cause: Cause) -> Self {
        Self {
            outcome: EventOutcome::Refused,
            ..self.reason(cause)
        }
    }

    /// This actor did it.
    #[must_use]
    pub fn actor(self, actor: &Actor) -> Self {
        Self {
            actor: Some(actor.clone()),
            ..self
        }
    }

    /// It is about this user.
    #[must_use]
    pub fn user(self, id: &UserId) -> Self {
        Self {
            user_id: Some(id.clone()),
            ..self
        }
    }

    /// It is about this session.
    #[must_use]
    pub fn session(self, id: SessionId) -> Self {
        Self {
            session_id: Some(id),
            ..self
        }
    }

    /// The request came from this device.
    #[must_use]
    pub fn device(self, device: &Device) -> Self {
        Self {
            ip: device.ip.clone(),
            user_agent: device.user_agent.clone(),
            ..self
        }
    }

    /// This is why.
    #[must_use]
    pub fn reason(self, reason: impl Into<Reason>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// It is about this key, service key, or number of users or sessions.
    #[must_use]
    pub fn subject(self, subject: impl Into<String>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..self
        }
    }
}

/// Which events to list: those that match every field that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// About this user.
    pub user_id: Option<UserId>,
    /// Of this kind.
    pub kind: Option<EventKind>,
    /// With this outcome.
    pub outcome: Option<EventOutcome>,
    /// From this address.
    pub ip: Option<String>,
    /// Caused by this request.
    pub request_id: Option<String>,
    /// At this time or later.
    pub since: Option<UnixMillis>,
    /// Older than the event of this id.
    pub before: Option<String>,
    /// Newer than the event of this id.
    pub after: Option<String>,
}

/// Adds events; in a transaction, all or none. Events that exist already are left alone, so that it
/// is safe to repeat a commit whose answer was lost.
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

/// At most `limit` of the events that match, newest first.
///
/// # Errors
///
/// [`StoreError`].
pub fn list(
    connection: &mut AnyConnection,
    filter: &EventFilter,
    limit: u16,
) -> Result<Vec<Event>, StoreError> {
    // Ids are hexadecimal: they sort after the empty text and before "g".
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
    if let Some(id) = &filter.request_id {
        wanted = wanted.filter(events::request_id.eq(id));
    }
    let rows = wanted
        .order(events::id.desc())
        .limit(limit.into())
        .load::<Row>(connection)?;
    rows.into_iter().map(Row::into_event).collect()
}

/// Deletes at most `limit` events older than `before`, and returns how many.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_before(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    // By id, which contains the time and has an index.
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
    actor: Option<String>,
    reason: Option<String>,
    subject: Option<String>,
    request_id: Option<String>,
    replica: Option<String>,
}

impl From<&Event> for Row {
    fn from(event: &Event) -> Self {
        // PostgreSQL refuses NUL in text.
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
            actor: event.actor.as_ref().map(ToString::to_string),
            reason: event.reason.map(|reason| reason.as_str().to_owned()),
            subject: text(&event.subject),
            request_id: text(&event.request_id),
            replica: text(&event.replica),
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
            actor: self.actor.as_deref().and_then(Actor::parse),
            reason: self.reason.map(|word| Reason::parse(kind, &word)),
            subject: self.subject,
            request_id: self.request_id,
            replica: self.replica,
        })
    }
}

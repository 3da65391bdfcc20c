//! Sessions: one row each, from sign-in until it is deleted after it has expired.

mod clean;
mod list;
mod open;
mod renew;
mod revoke;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use diesel::prelude::*;
use uuid::Uuid;

use crate::actor::Actor;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::sessions;
use crate::time::{Now, UnixMillis};
use crate::users::{PasswordHash, UserId};
use crate::words::words;

pub use clean::delete_expired;
pub use list::{RevokedSession, last_revocation, list, list_all, revoked_since};
pub use open::{NewSession, Opened, issue, renew_by_force, sign_in};
pub use renew::{Peek, Presented, Renewal, peek, renew};
pub(crate) use revoke::lock_all_of_user;
pub use revoke::{Revoked, revoke, revoke_all_of_user};

/// Names a session; in tokens it is the `sid` claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A version 7 UUID (RFC 9562), so that newer sessions sort after older ones.
    pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
        Self(crate::user_id::uuid_v7(now, random))
    }

    /// This id if it sorts after `other`, else one that does, with the same random bits.
    #[must_use]
    pub fn after(self, other: SessionId) -> Self {
        if self > other {
            return self;
        }
        // The first 48 bits are the time.
        let (mine, others) = (self.0.as_u128(), other.0.as_u128() >> 80);
        let time = (others + 1).min((1 << 48) - 1);
        Self(Uuid::from_u128(time << 80 | mine & ((1 << 80) - 1)))
    }

    /// Reads a UUID in lower case with hyphens, and no other form.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        let mut buffer = Uuid::encode_buffer();
        let written = id.hyphenated().encode_lower(&mut buffer);
        (written == text).then_some(Self(id))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// How many times a session's refresh token was rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u32);

impl Generation {
    /// The generation of a new session.
    pub const FIRST: Generation = Generation(0);

    /// The generation after this many rotations; `None` for the largest number, because it has no
    /// successor that a row could hold.
    pub const fn new(rotations: u32) -> Option<Self> {
        match rotations {
            u32::MAX => None,
            _ => Some(Self(rotations)),
        }
    }

    /// The number of rotations.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Where a request or a sign-in came from, so that users recognise their sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The client's address.
    pub ip: Option<String>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// A short label, such as `Firefox on Linux`.
    pub label: Option<String>,
}

/// One sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The user who signed in.
    pub user_id: UserId,
    /// The generation of the current refresh token.
    pub generation: Generation,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When the refresh token was last rotated.
    pub rotated_at: Option<UnixMillis>,
    /// When it expires unless it is renewed before; never after `expires_at`.
    pub idle_expires_at: UnixMillis,
    /// When it expires in any case.
    pub expires_at: UnixMillis,
    /// When a late replay was last accepted.
    pub forgiven_at: Option<UnixMillis>,
    /// That it was revoked.
    pub revoked: Option<Revocation>,
    /// When the user last proved who they are.
    pub auth_time: UnixMillis,
    /// How they proved it (RFC 8176).
    pub amr: Vec<String>,
    /// The user's custom claims, a JSON object.
    pub claims: String,
    /// The service key that opened it; `None` if its user signed in.
    pub client_id: Option<String>,
    /// Where the sign-in came from.
    pub device: Device,
}

impl Session {
    /// How it ended, unless it is live at `now`.
    pub fn end(&self, now: UnixMillis) -> Option<End> {
        if let Some(revocation) = &self.revoked {
            return Some(End {
                at: revocation.at,
                why: NotLive::Revoked(revocation.reason),
                by: revocation.by.clone(),
            });
        }
        let expired = |at, why| {
            let by = None;
            Some(End { at, why, by })
        };
        if self.expires_at <= now {
            expired(self.expires_at, NotLive::Expired)
        } else if self.idle_expires_at <= now {
            expired(self.idle_expires_at, NotLive::IdleExpired)
        } else {
            None
        }
    }

    /// When its refresh token was last renewed, or it was opened.
    pub fn renewed_at(&self) -> UnixMillis {
        self.rotated_at.unwrap_or(self.created_at)
    }
}

/// The settings that renewals follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalRules {
    /// The grace period: how long after a rotation the previous refresh token is still accepted.
    /// Zero is strict.
    pub grace: Duration,
    /// How often a session may have a late replay accepted. Zero is never.
    pub late_replay_every: Duration,
    /// How long a session lasts without a renewal.
    pub idle_ttl: Duration,
}

words! {
    /// Why a session was revoked.
    pub enum RevokedReason {
        /// Its user signed out.
        Logout = "logout",
        /// An outdated refresh token was presented: it was stolen.
        Reuse = "reuse",
        /// Its user revoked it from another session.
        RevokedByUser = "revoked_by_user",
        /// An operator revoked it.
        RevokedByOperator = "revoked_by_operator",
        /// Its user's password changed.
        PasswordChanged = "password_changed",
        /// Its user was disabled.
        UserDisabled = "user_disabled",
        /// Its user was deleted.
        UserDeleted = "user_deleted",
        /// A change of its user's email address was taken back.
        EmailChangeUndone = "email_change_undone",
        /// A back end forced a renewal of the user's sessions.
        ForcedRenewal = "forced_renewal",
        /// Its user opened more sessions than the limit allows.
        SessionLimit = "session_limit",
        /// Its browser opened another session.
        Replaced = "replaced",
        /// A reason recorded by a newer version, which this version does not know.
        Other = "other",
    }
}

impl RevokedReason {
    /// Reads a word, whatever it is.
    pub(crate) fn read(word: &str) -> Self {
        Self::parse(word).unwrap_or(RevokedReason::Other)
    }
}

/// That a session was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When, by the clock of the replica that revoked it.
    pub at: UnixMillis,
    /// Why.
    pub reason: RevokedReason,
    /// Who revoked it; `None` if an older version did.
    pub by: Option<Actor>,
}

impl Revocation {
    /// A session is revoked now, by this actor.
    pub fn new(reason: RevokedReason, by: Actor, now: UnixMillis) -> Self {
        Self {
            at: now,
            reason,
            by: Some(by),
        }
    }
}

/// Why there is no live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotLive {
    /// It was revoked.
    Revoked(RevokedReason),
    /// It was not renewed in time.
    IdleExpired,
    /// It reached its maximum lifetime.
    Expired,
    /// No session has this id, or it was deleted after it expired.
    Unknown,
}

impl NotLive {
    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            NotLive::Revoked(reason) => reason.as_str(),
            NotLive::IdleExpired => "idle",
            NotLive::Expired => "absolute",
            NotLive::Unknown => "unknown",
        }
    }
}

/// When, why and by whom a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: UnixMillis,
    /// Why.
    pub why: NotLive,
    /// Who revoked it; `None` if it expired, or if an older version revoked it.
    pub by: Option<Actor>,
}

/// The session of this id, live or not.
///
/// # Errors
///
/// [`StoreError`].
pub fn find(connection: &mut AnyConnection, id: SessionId) -> Result<Option<Session>, StoreError> {
    sessions::table
        .find(id.to_string())
        .first::<Row>(connection)
        .optional()?
        .map(Row::into_session)
        .transpose()
}

/// The session of each of `ids`, in their order; on PostgreSQL in one statement. A row that cannot be
/// read does not affect the others.
///
/// # Errors
///
/// [`StoreError`] if the query fails.
pub fn find_many(
    connection: &mut AnyConnection,
    ids: &[SessionId],
) -> Result<Vec<Result<Option<Session>, StoreError>>, StoreError> {
    let AnyConnection::Postgres(postgres) = connection else {
        return Ok(ids.iter().map(|id| find(connection, *id)).collect());
    };
    let texts: Vec<_> = ids.iter().map(SessionId::to_string).collect();
    let rows: Vec<Row> = sessions::table
        .filter(sessions::id.eq_any(&texts))
        .load(postgres)?;
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let found = texts.iter().map(|id| rows.get(id).cloned());
    Ok(found
        .map(|row| row.map(Row::into_session).transpose())
        .collect())
}

/// The session of this id if it is live at `now`, else why it is not.
///
/// # Errors
///
/// [`StoreError`].
pub fn find_live(
    connection: &mut AnyConnection,
    id: SessionId,
    now: UnixMillis,
) -> Result<Result<Session, NotLive>, StoreError> {
    Ok(live(find(connection, id)?, now))
}

/// The session if there is one and it is live at `now`, else why it is not.
fn live(session: Option<Session>, now: UnixMillis) -> Result<Session, NotLive> {
    let session = session.ok_or(NotLive::Unknown)?;
    match session.end(now) {
        Some(end) => Err(end.why),
        None => Ok(session),
    }
}

fn ids(texts: Vec<String>) -> Result<Vec<SessionId>, StoreError> {
    let ids = texts.iter().map(|text| SessionId::parse(text));
    ids.collect::<Option<_>>()
        .ok_or(StoreError::Unreadable("session"))
}

#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = sessions)]
struct Row {
    id: String,
    user_id: String,
    generation: i64,
    created_at: i64,
    rotated_at: Option<i64>,
    idle_expires_at: i64,
    expires_at: i64,
    forgiven_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_reason: Option<String>,
    last_outcome: Option<String>,
    auth_time: i64,
    amr: String,
    claims: String,
    ip: Option<String>,
    user_agent: Option<String>,
    label: Option<String>,
    revoked_by: Option<String>,
    client_id: Option<String>,
}

impl Row {
    fn into_session(self) -> Result<Session, StoreError> {
        let unreadable = || StoreError::Unreadable("session");
        let revoked = match (self.revoked_at, self.revoked_reason.as_deref()) {
            (None, None) => None,
            (Some(at), Some(reason)) => Some(Revocation {
                at: UnixMillis::from_millis(at),
                reason: RevokedReason::read(reason),
                by: self.revoked_by.as_deref().and_then(Actor::parse),
            }),
            _ => return Err(unreadable()),
        };
        Ok(Session {
            id: SessionId::parse(&self.id).ok_or_else(unreadable)?,
            user_id: UserId::parse(&self.user_id).map_err(|_| unreadable())?,
            generation: Generation(u32::try_from(self.generation).map_err(|_| unreadable())?),
            created_at: UnixMillis::from_millis(self.created_at),
            rotated_at: self.rotated_at.map(UnixMillis::from_millis),
            idle_expires_at: UnixMillis::from_millis(self.idle_expires_at),
            expires_at: UnixMillis::from_millis(self.expires_at),
            forgiven_at: self.forgiven_at.map(UnixMillis::from_millis),
            revoked,
            auth_time: UnixMillis::from_millis(self.auth_time),
            amr: self.amr.split_whitespace().map(str::to_owned).collect(),
            claims: self.claims,
            client_id: self.client_id,
            device: Device {
                ip: self.ip,
                user_agent: self.user_agent,
                label: self.label,
            },
        })
    }
}

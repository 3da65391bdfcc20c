//! Sessions: one row each, whatever becomes of it.

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

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::sessions;
use crate::time::UnixMillis;
use crate::users::{PasswordHash, UserId};

pub use clean::delete_expired;
pub use list::{RevokedSession, list, revoked_since};
pub use open::{NewSession, Opened, issue, renew_by_force, sign_in};
pub use renew::{Peek, Renewal, peek, renew};
pub use revoke::{revoke, revoke_all_of_user, revoke_of_user};

/// Names a session; in tokens it is the `sid` claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A version 7 UUID (RFC 9562), so that newer sessions sort after older ones.
    pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
        Self(crate::users::uuid_v7(now, random))
    }

    /// The id that `text` writes, in lower case with hyphens and no other way.
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
    /// That of a session just opened.
    pub const FIRST: Generation = Generation(0);

    /// After so many rotations.
    pub const fn new(rotations: u32) -> Self {
        Self(rotations)
    }

    /// The number of rotations.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// From where a session was opened, for its owner to recognise it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The client's address.
    pub ip: Option<String>,
    /// Its `User-Agent`.
    pub user_agent: Option<String>,
    /// A name given to it.
    pub label: Option<String>,
}

/// One sign-in on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// That of the current refresh token.
    pub generation: Generation,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When the refresh token was last rotated.
    pub rotated_at: Option<UnixMillis>,
    /// When it ends unless it is renewed before; never past `expires_at`.
    pub idle_expires_at: UnixMillis,
    /// When it ends in any case.
    pub expires_at: UnixMillis,
    /// When a late replay was last forgiven.
    pub forgiven_at: Option<UnixMillis>,
    /// When and why it was ended before its time.
    pub revoked: Option<(UnixMillis, RevokedReason)>,
    /// When the user proved who they are.
    pub auth_time: UnixMillis,
    /// How they did (RFC 8176).
    pub amr: Vec<String>,
    /// The user's own claims, a JSON object.
    pub claims: String,
    /// From where.
    pub device: Device,
}

impl Session {
    /// When its refresh token was last renewed, or it was opened.
    pub fn renewed_at(&self) -> UnixMillis {
        self.rotated_at.unwrap_or(self.created_at)
    }
}

/// The limits that renewals keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenewalRules {
    /// After a rotation, how long the previous refresh token still answers. Zero is strict.
    pub grace: Duration,
    /// How often a session is forgiven a late replay. Zero is never.
    pub late_replay_every: Duration,
    /// How long a session lasts without a renewal.
    pub idle_ttl: Duration,
}

/// Why a session was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedReason {
    /// Its owner signed out.
    Logout,
    /// An outdated refresh token was presented: it was stolen.
    Reuse,
    /// Its owner ended it from another session.
    RevokedByUser,
    /// An operator ended it.
    RevokedByOperator,
    /// Its owner's password was changed.
    PasswordChanged,
    /// Its owner was disabled or deleted.
    UserDisabled,
    /// A service key renewed all of its owner's sessions.
    ForcedRenewal,
    /// Its owner opened more sessions than the operator allows.
    SessionLimit,
    /// A reason that this version does not know: a newer one is at work beside it.
    Other,
}

impl RevokedReason {
    /// Those that this version writes.
    const KNOWN: [RevokedReason; 8] = [
        RevokedReason::Logout,
        RevokedReason::Reuse,
        RevokedReason::RevokedByUser,
        RevokedReason::RevokedByOperator,
        RevokedReason::PasswordChanged,
        RevokedReason::UserDisabled,
        RevokedReason::ForcedRenewal,
        RevokedReason::SessionLimit,
    ];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            RevokedReason::Logout => "logout",
            RevokedReason::Reuse => "reuse",
            RevokedReason::RevokedByUser => "revoked_by_user",
            RevokedReason::RevokedByOperator => "revoked_by_operator",
            RevokedReason::PasswordChanged => "password_changed",
            RevokedReason::UserDisabled => "user_disabled",
            RevokedReason::ForcedRenewal => "forced_renewal",
            RevokedReason::SessionLimit => "session_limit",
            RevokedReason::Other => "other",
        }
    }

    fn parse(text: &str) -> Self {
        let known = Self::KNOWN
            .into_iter()
            .find(|reason| reason.as_str() == text);
        known.unwrap_or(RevokedReason::Other)
    }
}

/// Why there is no live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    /// It was ended before its time.
    Revoked(RevokedReason),
    /// It was not renewed in time.
    IdleExpired,
    /// Its time has run out.
    Expired,
    /// There is none of this id, or it was cleaned away.
    Unknown,
}

/// The session of this id, ended or not.
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

/// The same for each of `ids`, in their order, and on PostgreSQL by one statement. A row that
/// cannot be read spoils no other.
///
/// # Errors
///
/// [`StoreError`], when none could be looked up.
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
) -> Result<Result<Session, Dead>, StoreError> {
    Ok(live(find(connection, id)?, now))
}

/// The session if there is one and it is live at `now`, else why it is not.
fn live(session: Option<Session>, now: UnixMillis) -> Result<Session, Dead> {
    match session {
        None => Err(Dead::Unknown),
        Some(session) => match session.revoked {
            Some((_, reason)) => Err(Dead::Revoked(reason)),
            None if session.expires_at <= now => Err(Dead::Expired),
            None if session.idle_expires_at <= now => Err(Dead::IdleExpired),
            None => Ok(session),
        },
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
}

impl Row {
    fn into_session(self) -> Result<Session, StoreError> {
        let unreadable = || StoreError::Unreadable("session");
        let revoked = match (self.revoked_at, self.revoked_reason.as_deref()) {
            (None, None) => None,
            (Some(at), Some(reason)) => {
                Some((UnixMillis::from_millis(at), RevokedReason::parse(reason)))
            }
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
            device: Device {
                ip: self.ip,
                user_agent: self.user_agent,
                label: self.label,
            },
        })
    }
}

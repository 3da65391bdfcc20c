//! Opening a session. The user's row is locked first, so that what was checked still holds when the
//! session is committed.

use std::num::NonZeroU32;

use diesel::prelude::*;

use super::{
    Actor, AnyConnection, Device, Generation, Now, PasswordHash, Revocation, Revoked,
    RevokedReason, Row, Session, SessionId, StoreError, UnixMillis, UserId, revoke,
    revoke_all_of_user, sessions,
};
use crate::users::{self, User};

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Its user.
    pub user_id: UserId,
    /// Now.
    pub created_at: UnixMillis,
    /// When it expires unless it is renewed before.
    pub idle_expires_at: UnixMillis,
    /// When it expires in any case.
    pub expires_at: UnixMillis,
    /// How the user proved who they are (RFC 8176); empty if a back end vouches for them.
    pub amr: Vec<String>,
    /// The service key that opens it; `None` if its user signs in.
    pub client_id: Option<String>,
    /// Where the sign-in came from.
    pub device: Device,
    /// How many live sessions the user may have; the oldest are revoked when there are more.
    pub session_limit: Option<NonZeroU32>,
    /// Sessions that it replaces: those whose refresh tokens the browser presented. They are revoked.
    pub replaces: Vec<SessionId>,
}

/// The outcome of opening a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The session, and the sessions that were revoked for it.
    Session(Session, Vec<Revoked>),
    /// The user does not exist, or no longer.
    UserUnknown,
    /// The user is disabled.
    UserDisabled,
    /// The password is no longer the one that was checked.
    PasswordChanged,
}

/// Opens a session for a user whom a back end vouches for. Requires a transaction.
///
/// # Errors
///
/// [`StoreError`].
pub fn issue(
    connection: &mut AnyConnection,
    new: &NewSession,
    now: Now,
) -> Result<Opened, StoreError> {
    match lock_user(connection, &new.user_id)? {
        Ok(user) => insert(connection, new, user.token_claims(), Vec::new(), now),
        Err(refused) => Ok(refused),
    }
}

/// Opens a session for a user whose password was checked against `checked`. Requires a transaction.
///
/// # Errors
///
/// [`StoreError`].
pub fn sign_in(
    connection: &mut AnyConnection,
    new: &NewSession,
    checked: &PasswordHash,
    now: Now,
) -> Result<Opened, StoreError> {
    match lock_user(connection, &new.user_id)? {
        Ok(user) if user.password.as_ref() == Some(checked) => {
            insert(connection, new, user.token_claims(), Vec::new(), now)
        }
        Ok(_) => Ok(Opened::PasswordChanged),
        Err(refused) => Ok(refused),
    }
}

/// Revokes all sessions of a user and opens a new one. Requires a transaction.
///
/// # Errors
///
/// [`StoreError`].
pub fn renew_by_force(
    connection: &mut AnyConnection,
    new: &NewSession,
    by: &Actor,
    now: Now,
) -> Result<Opened, StoreError> {
    match lock_user(connection, &new.user_id)? {
        Ok(user) => {
            let reason = RevokedReason::ForcedRenewal;
            let revoked = revoke_all_of_user(connection, &new.user_id, None, reason, by, now)?;
            insert(connection, new, user.token_claims(), vec![revoked], now)
        }
        Err(refused) => Ok(refused),
    }
}

/// The user, locked until the transaction ends; or why no session is opened.
fn lock_user(
    connection: &mut AnyConnection,
    id: &UserId,
) -> Result<Result<User, Opened>, StoreError> {
    connection.lock_user(id.as_str())?;
    Ok(match users::find(connection, id)? {
        None => Err(Opened::UserUnknown),
        Some(user) if user.disabled_at.is_some() => Err(Opened::UserDisabled),
        Some(user) => Ok(user),
    })
}

fn insert(
    connection: &mut AnyConnection,
    new: &NewSession,
    claims: String,
    mut revoked: Vec<Revoked>,
    now: Now,
) -> Result<Opened, StoreError> {
    let mut new = new.clone();
    revoked.extend(make_room(connection, &mut new, now)?);
    let row = diesel::insert_into(sessions::table)
        .values(Row {
            id: new.id.to_string(),
            user_id: new.user_id.as_str().to_owned(),
            generation: i64::from(Generation::FIRST.get()),
            created_at: new.created_at.as_millis(),
            rotated_at: None,
            idle_expires_at: new.idle_expires_at.as_millis(),
            expires_at: new.expires_at.as_millis(),
            forgiven_at: None,
            revoked_at: None,
            revoked_reason: None,
            last_outcome: None,
            auth_time: new.created_at.as_millis(),
            amr: new.amr.join(" "),
            claims,
            ip: new.device.ip,
            user_agent: new.device.user_agent,
            label: new.device.label,
            revoked_by: None,
            client_id: new.client_id,
        })
        .returning(sessions::all_columns)
        .get_result::<Row>(connection)?;
    Ok(Opened::Session(row.into_session()?, revoked))
}

/// Revokes the sessions that the new one replaces, and the oldest of the user if there are too many. The
/// new one becomes the newest, whatever the clock said when the others were opened: otherwise it would be
/// the next to go.
fn make_room(
    connection: &mut AnyConnection,
    new: &mut NewSession,
    now: Now,
) -> Result<Vec<Revoked>, StoreError> {
    let mut oldest = Vec::new();
    if let Some(limit) = new.session_limit {
        let live = live_of_user(connection, new)?;
        new.id = live.first().map_or(new.id, |newest| new.id.after(*newest));
        let stay = usize::try_from(limit.get() - 1).unwrap_or(usize::MAX);
        let others = live.into_iter().filter(|id| !new.replaces.contains(id));
        oldest.extend(others.skip(stay));
    }
    if new.replaces.is_empty() && oldest.is_empty() {
        return Ok(Vec::new());
    }
    revoke::lock(connection, &[&new.replaces[..], &oldest].concat())?;
    let at = now();
    let by_user = Revocation::new(
        RevokedReason::Replaced,
        Actor::User(new.user_id.clone()),
        at,
    );
    let mut revoked = revoke::revoke_locked(connection, &new.replaces, &by_user)?;
    let by_limit = Revocation::new(RevokedReason::SessionLimit, Actor::System, at);
    revoked.extend(revoke::revoke_locked(connection, &oldest, &by_limit)?);
    Ok(revoked)
}

/// The live sessions of the user, newest first.
fn live_of_user(
    connection: &mut AnyConnection,
    new: &NewSession,
) -> Result<Vec<SessionId>, StoreError> {
    let ids = sessions::table
        .filter(sessions::user_id.eq(new.user_id.as_str()))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::idle_expires_at.gt(new.created_at.as_millis()))
        .order(sessions::id.desc())
        .select(sessions::id)
        .load(connection)?;
    super::ids(ids)
}

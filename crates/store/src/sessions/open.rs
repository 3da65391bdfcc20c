//! Opening a session. The user's row is locked first, so that what was checked still holds when the
//! session is committed.

use std::num::NonZeroU32;

use diesel::prelude::*;

use super::{
    Actor, AnyConnection, Device, Generation, PasswordHash, Revocation, RevokedReason, Row,
    Session, SessionId, StoreError, UnixMillis, UserId, revoke, revoke_all_of_user, sessions,
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
    /// Where the sign-in came from.
    pub device: Device,
    /// How many live sessions the user may have; the oldest are revoked when there are more.
    pub session_limit: Option<NonZeroU32>,
}

/// The outcome of opening a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The session, and the sessions of the user that were revoked for it.
    Session(Session, Vec<SessionId>),
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
pub fn issue(connection: &mut AnyConnection, new: NewSession) -> Result<Opened, StoreError> {
    match lock_user(connection, &new.user_id)? {
        Ok(user) => insert(connection, new, user.claims, Vec::new()),
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
    new: NewSession,
    checked: &PasswordHash,
) -> Result<Opened, StoreError> {
    match lock_user(connection, &new.user_id)? {
        Ok(user) if user.password.as_ref() == Some(checked) => {
            insert(connection, new, user.claims, Vec::new())
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
    new: NewSession,
    by: &Actor,
) -> Result<Opened, StoreError> {
    match lock_user(connection, &new.user_id)? {
        Ok(user) => {
            let reason = RevokedReason::ForcedRenewal;
            let revocation = Revocation::new(reason, by.clone(), new.created_at);
            let revoked = revoke_all_of_user(connection, &new.user_id, None, &revocation)?;
            insert(connection, new, user.claims, revoked)
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
    new: NewSession,
    claims: String,
    mut revoked: Vec<SessionId>,
) -> Result<Opened, StoreError> {
    if let Some(limit) = new.session_limit {
        let others = limit.get() - 1;
        revoked.extend(revoke::revoke_oldest(
            connection,
            &new.user_id,
            others,
            new.created_at,
        )?);
    }
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
        })
        .returning(sessions::all_columns)
        .get_result::<Row>(connection)?;
    Ok(Opened::Session(row.into_session()?, revoked))
}

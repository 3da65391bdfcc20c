//! Sessions that were used twice, of whose users nobody was told yet.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::MailId;
use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::{outbox, sessions, users};
use crate::sessions::{Device, RevokedReason};
use crate::time::UnixMillis;
use crate::users::{User, UserId, find};

/// A session that was revoked because its refresh token was used twice, of whose user nobody was told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reused {
    /// The id of the mail, which is that of the session.
    pub id: MailId,
    /// The user.
    pub user: User,
    /// Where they had signed in.
    pub device: Device,
    /// When it was revoked.
    pub at: UnixMillis,
}

/// At most `limit` sessions that were revoked at `since` or later because they were used twice, and that have
/// no mail.
///
/// # Errors
///
/// [`StoreError`].
pub fn reused_sessions(
    connection: &mut AnyConnection,
    since: UnixMillis,
    limit: u16,
) -> Result<Vec<Reused>, StoreError> {
    let told = exists(outbox::table.filter(outbox::id.eq(sessions::id)));
    let is_there = exists(users::table.filter(users::id.eq(sessions::user_id)));
    let reused: Vec<ReusedRow> = sessions::table
        .filter(sessions::revoked_at.ge(since.as_millis()))
        .filter(sessions::revoked_reason.eq(RevokedReason::Reuse.as_str()))
        .filter(not(told))
        .filter(is_there)
        .order(sessions::revoked_at)
        .limit(limit.into())
        .select(ReusedRow::as_select())
        .load(connection)?;
    let mut untold = Vec::new();
    for row in reused {
        let unreadable = || StoreError::Unreadable("session");
        let user_id = UserId::parse(&row.user_id).map_err(|_| unreadable())?;
        let Some(user) = find(connection, &user_id)? else {
            continue;
        };
        untold.push(Reused {
            id: MailId::parse(&row.id).ok_or_else(unreadable)?,
            user,
            device: Device {
                ip: row.ip,
                label: row.label,
                user_agent: None,
            },
            at: UnixMillis::from_millis(row.revoked_at.unwrap_or(0)),
        });
    }
    Ok(untold)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct ReusedRow {
    id: String,
    user_id: String,
    ip: Option<String>,
    label: Option<String>,
    revoked_at: Option<i64>,
}

use std::sync::Arc;

use actix_web::web::Data;
use identity::clock::{Clock, rfc3339};
use identity::sessions::SessionAdmin;
use paperclip::actix::web::{Json, Path};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;
use store::UnixMillis;
use store::sessions::{End, Session, SessionId};

use crate::extract::service_key::UserReader;
use crate::outcomes::SERVICE_KEY_PROBLEMS;
use crate::problem::{Code, Problem};

/// A session, as operators and back ends see it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "ManagedSession")]
pub(crate) struct ManagedSessionBody {
    /// The session's id, `sid` in access tokens.
    id: String,
    /// The user's id.
    user: String,
    /// The device of the sign-in, such as `Firefox on Linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// The address of the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The user agent of the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// When the user signed in.
    created_at: String,
    /// When the refresh token was last renewed, or the user signed in.
    renewed_at: String,
    /// When the session expires unless it is renewed before.
    idle_expires_at: String,
    /// When the session expires in any case.
    expires_at: String,
    /// When the session ended; not sent while it is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Why it ended: `idle`, `absolute`, or the reason for which it was revoked, such as `logout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<&'static str>,
    /// Who revoked it: `user:ID`, `service_key:NAME`, `trusted_network`, `command_line` or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[SERVICE_KEY_PROBLEMS, &[Code::SessionNotFound]];

/// Get a session
///
/// Returns a live, revoked or expired session. For the latter two it says when, why and by whom the
/// session ended. Sessions are deleted a day after `expires_at`. Requires a service key with `users:read` or `users:write`.
#[api_v2_operation(operation_id = "readSession", tags(Administration))]
pub(crate) async fn read_session(
    _caller: UserReader,
    id: Path<String>,
    sessions: Data<SessionAdmin>,
    clock: Data<Arc<dyn Clock>>,
) -> Result<Json<ManagedSessionBody>, Problem> {
    let id = SessionId::parse(&id).ok_or(Code::SessionNotFound)?;
    let session = sessions.find(id).await?.ok_or(Code::SessionNotFound)?;
    Ok(Json(ManagedSessionBody::new(session, clock.now())))
}

impl ManagedSessionBody {
    fn new(session: Session, now: UnixMillis) -> Self {
        let end = session.end(now);
        let renewed_at = rfc3339(session.renewed_at());
        Self {
            id: session.id.to_string(),
            user: session.user_id.to_string(),
            label: session.device.label,
            ip: session.device.ip,
            user_agent: session.device.user_agent,
            created_at: rfc3339(session.created_at),
            renewed_at,
            idle_expires_at: rfc3339(session.idle_expires_at),
            expires_at: rfc3339(session.expires_at),
            ended_at: end.as_ref().map(|end| rfc3339(end.at)),
            end_reason: end.as_ref().map(|end| end.why.as_str()),
            ended_by: end.and_then(|End { by, .. }| Some(by?.to_string())),
        }
    }
}

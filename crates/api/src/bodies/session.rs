use identity::clock::rfc3339;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use store::sessions::{Session, SessionId};

/// A session.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Session")]
pub(crate) struct SessionBody {
    /// The session's id, `sid` in access tokens.
    id: String,
    /// Whether it is the session of the access token in this request.
    current: bool,
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
}

impl SessionBody {
    /// A session, as the bearer of the session `current` sees it.
    pub(crate) fn new(session: Session, current: SessionId) -> Self {
        Self {
            renewed_at: rfc3339(session.renewed_at()),
            id: session.id.to_string(),
            current: session.id == current,
            label: session.device.label,
            ip: session.device.ip,
            user_agent: session.device.user_agent,
            created_at: rfc3339(session.created_at),
            idle_expires_at: rfc3339(session.idle_expires_at),
            expires_at: rfc3339(session.expires_at),
        }
    }
}

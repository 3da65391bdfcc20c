use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use store::sessions::{Session, SessionId};

use crate::clock::rfc3339;

/// A session.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Session")]
pub(crate) struct SessionBody {
    /// Its id, `sid` in the access token.
    id: String,
    /// Whether it is the session of the access token that was sent.
    current: bool,
    /// The device from which it was opened, as in `Firefox on Linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// The address from which it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The user agent with which it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
    /// When it was opened.
    created_at: String,
    /// When its refresh token was last renewed, or it was opened.
    renewed_at: String,
    /// When it ends unless it is renewed before.
    idle_expires_at: String,
    /// When it ends in any case.
    expires_at: String,
}

impl SessionBody {
    /// A session as the bearer of session `current` sees it.
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

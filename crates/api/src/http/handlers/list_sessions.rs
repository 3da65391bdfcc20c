use actix_web::web::Data;
use paperclip::actix::web::{Json, Query};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};
use store::sessions::SessionId;

use super::session_body::SessionBody;
use crate::http::extract::access_token::SignedIn;
use crate::http::extract::limit::CallLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::http::problem::{Code, Problem};
use crate::sessions::Sessions;

/// Where a list goes on.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct Cursor {
    /// `next` of the list before.
    pub(super) before: Option<String>,
}

/// Some sessions of a user.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "SessionList")]
pub(crate) struct SessionListBody {
    /// The live sessions, the newest first: a hundred at most.
    sessions: Vec<SessionBody>,
    /// There are more: they come with `?before=` this.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[
        Code::RequestMalformed,
        Code::ValidationFailed,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// See one's sessions
///
/// The live sessions of the user, with the device, the address and the time of each.
#[api_v2_operation(operation_id = "listSessions", tags(Sessions))]
pub(crate) async fn list_sessions(
    _within: CallLimit,
    signed_in: SignedIn,
    cursor: Query<Cursor>,
    sessions: Data<Sessions>,
) -> Result<Json<SessionListBody>, Problem> {
    let before = cursor.into_inner().before;
    let before = before.as_deref().map(session_id).transpose()?;
    let current = signed_in.0.session_id;
    let page = sessions.list(signed_in.0, before).await?;
    let bodies = page.sessions.into_iter();
    Ok(Json(SessionListBody {
        sessions: bodies
            .map(|session| SessionBody::new(session, current))
            .collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    SessionId::parse(text)
        .ok_or_else(|| Problem::invalid_field("before", "is not the `next` of a list"))
}

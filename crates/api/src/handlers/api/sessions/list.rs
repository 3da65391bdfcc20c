use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::web::{Json, Query};
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::bodies::cursor::Cursor;
use crate::bodies::session::SessionBody;
use crate::extract::access_token::Bearer;
use crate::extract::limit::CallLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::problem::{Code, Problem};

/// Some sessions of a user.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "SessionList")]
pub(crate) struct SessionListBody {
    /// At most 100 live sessions, newest first.
    sessions: Vec<SessionBody>,
    /// If there are more: the value of `?before=` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
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

/// List the current user's sessions
///
/// The live sessions of the user, with the device, address and time of each.
#[api_v2_operation(operation_id = "listSessions", tags(Accounts))]
pub(crate) async fn list_sessions(
    _limit: CallLimit,
    bearer: Bearer,
    cursor: Query<Cursor>,
    sessions: Data<Sessions>,
) -> Result<Json<SessionListBody>, Problem> {
    let before = cursor.into_inner().before()?;
    let current = bearer.0.session_id;
    let page = sessions.of_user(bearer.0.user_id, before).await?;
    let bodies = page.sessions.into_iter();
    Ok(Json(SessionListBody {
        sessions: bodies
            .map(|session| SessionBody::new(session, current))
            .collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

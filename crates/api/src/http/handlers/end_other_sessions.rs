use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Serialize;

use crate::http::extract::access_token::SignedIn;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::limit::CallLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::http::problem::{Code, Problem};
use crate::sessions::Sessions;

/// How many sessions were ended.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Ended")]
pub(crate) struct EndedBody {
    /// How many.
    pub(crate) ended: usize,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable],
];

/// End all other sessions
///
/// All of the user's sessions but that of the access token.
#[api_v2_operation(operation_id = "endOtherSessions", tags(Sessions))]
pub(crate) async fn end_other_sessions(
    _within: CallLimit,
    signed_in: SignedIn,
    device: ClientDevice,
    sessions: Data<Sessions>,
) -> Result<Json<EndedBody>, Problem> {
    let ended = sessions.end_others(signed_in.0, &device.0).await?;
    Ok(Json(EndedBody { ended }))
}

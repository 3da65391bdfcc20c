use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::Path;
use store::sessions::SessionId;

use super::logout::SignedOut;
use crate::http::cookie::RefreshCookie;
use crate::http::extract::access_token::SignedIn;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::limit::CallLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::http::problem::{Code, Problem};
use crate::sessions::Sessions;

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::SessionNotFound, Code::RateLimited, Code::Unavailable],
];

/// End one session
///
/// Whichever of the user's sessions it is. With the session of the access token itself, the
/// cookie is removed as well.
#[api_v2_operation(operation_id = "endSession", tags(Sessions))]
pub(crate) async fn end_session(
    _within: CallLimit,
    signed_in: SignedIn,
    device: ClientDevice,
    id: Path<String>,
    cookie: Data<RefreshCookie>,
    sessions: Data<Sessions>,
) -> Result<SignedOut, Problem> {
    let id = SessionId::parse(&id).ok_or(Code::SessionNotFound)?;
    let own = signed_in.0.session_id == id;
    match sessions.end(signed_in.0, id, &device.0).await? {
        true => Ok(SignedOut::new(own.then(|| cookie.clear()))),
        false => Err(Code::SessionNotFound.into()),
    }
}

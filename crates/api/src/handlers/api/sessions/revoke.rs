use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::Path;
use store::sessions::SessionId;

use crate::cookie::Cookies;
use crate::extract::access_token::Bearer;
use crate::extract::device::ClientDevice;
use crate::extract::limit::CallLimit;
use crate::handlers::api::logout::SignedOutAnswer;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::SessionNotFound, Code::RateLimited, Code::Unavailable],
];

/// Revoke a session
///
/// Any session of the user. If it is the one of the access token, the cookie is removed as well.
#[api_v2_operation(operation_id = "revokeSession", tags(Accounts))]
pub(crate) async fn revoke_session(
    _limit: CallLimit,
    bearer: Bearer,
    device: ClientDevice,
    id: Path<String>,
    cookies: Data<Cookies>,
    sessions: Data<Sessions>,
) -> Result<SignedOutAnswer, Problem> {
    let id = SessionId::parse(&id).ok_or(Code::SessionNotFound)?;
    let is_current = bearer.0.session_id == id;
    match sessions.revoke_own(&bearer.0, id, &device.0).await? {
        true => Ok(SignedOutAnswer(is_current.then(|| cookies.refresh.clear()))),
        false => Err(Code::SessionNotFound.into()),
    }
}

use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::api_v2_operation;
use paperclip::actix::web::Json;

use crate::bodies::revoked::RevokedBody;
use crate::extract::access_token::Bearer;
use crate::extract::device::ClientDevice;
use crate::extract::limit::CallLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::problem::{Code, Problem};

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable],
];

/// Revoke all other sessions
///
/// All sessions of the user except the one of the access token.
#[api_v2_operation(operation_id = "revokeOtherSessions", tags(Accounts))]
pub(crate) async fn revoke_other_sessions(
    _limit: CallLimit,
    bearer: Bearer,
    device: ClientDevice,
    sessions: Data<Sessions>,
) -> Result<Json<RevokedBody>, Problem> {
    let revoked = sessions.revoke_others(&bearer.0, &device.0).await?;
    Ok(Json(RevokedBody { revoked }))
}

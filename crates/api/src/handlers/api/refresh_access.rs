use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::api_v2_operation;

use crate::extract::device::DeviceOnDemand;
use crate::extract::limit::CallLimit;
use crate::extract::refresh_tokens::PresentedRefreshTokens;
use crate::outcomes::{REFRESH_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, renewed};
use crate::problem::{Code, Problem};
use crate::token_pair::TokenPairAnswer;

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    REFRESH_PROBLEMS,
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable],
];

/// Get a new access token
///
/// Requires the refresh cookie. The refresh token is not rotated.
#[api_v2_operation(operation_id = "refreshAccess", tags(Accounts))]
pub(crate) async fn refresh_access(
    _limit: CallLimit,
    presented: PresentedRefreshTokens,
    device: DeviceOnDemand,
    sessions: Data<Sessions>,
) -> Result<TokenPairAnswer, Problem> {
    let device = || device.look();
    let outcome = sessions.refresh_access(&presented.0, &device).await?;
    renewed(outcome).map(TokenPairAnswer)
}

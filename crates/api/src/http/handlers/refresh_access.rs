use actix_web::web::Data;
use paperclip::actix::api_v2_operation;

use crate::http::extract::device::DeviceOnDemand;
use crate::http::extract::limit::CallLimit;
use crate::http::extract::refresh_tokens::PresentedRefreshTokens;
use crate::http::outcomes::{REFRESH_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, refreshed};
use crate::http::problem::{Code, Problem};
use crate::sessions::{Sessions, TokenPair};

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    REFRESH_PROBLEMS,
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable],
];

/// Get a new access token
///
/// The refresh token in the cookie stays as it is.
#[api_v2_operation(operation_id = "refreshAccess", tags(Sessions))]
pub(crate) async fn refresh_access(
    _within: CallLimit,
    presented: PresentedRefreshTokens,
    device: DeviceOnDemand,
    sessions: Data<Sessions>,
) -> Result<TokenPair, Problem> {
    refreshed(
        sessions
            .refresh_access(&presented.0, &|| device.look())
            .await?,
    )
}

use actix_web::web::Data;
use paperclip::actix::api_v2_operation;
use store::sessions::Dead;

use crate::http::extract::access_token::token_code;
use crate::http::extract::refresh_tokens::PresentedRefreshTokens;
use crate::http::problem::{Code, Problem};
use crate::sessions::{Refresh, Refusal, Sessions, TokenPair};

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[Code] = &[
    Code::RefreshMissing,
    Code::TokenMalformed,
    Code::TokenNotYetValid,
    Code::TokenForged,
    Code::TokenForeign,
    Code::TokenWrongType,
    Code::RefreshReused,
    Code::SessionExpired,
    Code::SessionRevoked,
    Code::SessionUnknown,
    Code::Unavailable,
];

/// Get a new access token
///
/// The refresh token in the cookie stays as it is.
#[api_v2_operation(operation_id = "refreshAccess", tags(Sessions))]
pub(crate) async fn refresh_access(
    presented: PresentedRefreshTokens,
    sessions: Data<Sessions>,
) -> Result<TokenPair, Problem> {
    refreshed(sessions.refresh_access(&presented.0).await?)
}

/// What the holder of a refresh token is told.
pub(crate) fn refreshed(refresh: Refresh) -> Result<TokenPair, Problem> {
    let refusal = match refresh {
        Refresh::Pair(pair) => return Ok(pair),
        Refresh::Refused(refusal) => refusal,
    };
    Err(match refusal {
        Refusal::NoToken => Code::RefreshMissing.into(),
        // Its `exp` is the session's end.
        Refusal::Token(jwt_core::Error::Expired) => session_problem(Dead::Expired),
        Refusal::Token(error) => token_code(&error).into(),
        Refusal::Reused => Code::RefreshReused.into(),
        Refusal::OtherUser => Code::UserMismatch.into(),
        Refusal::Session(dead) => session_problem(dead),
    })
}

/// What is told of a session that is not live.
pub(crate) fn session_problem(dead: Dead) -> Problem {
    let (code, reason) = match dead {
        Dead::Revoked(reason) => (Code::SessionRevoked, reason.as_str()),
        Dead::IdleExpired => (Code::SessionExpired, "idle"),
        Dead::Expired => (Code::SessionExpired, "absolute"),
        Dead::Unknown => return Code::SessionUnknown.into(),
    };
    Problem::from(code).with_reason(reason)
}

//! Outcomes of use-cases as several calls answer them, and which problems those are.

use std::time::Duration;

use jwt_core::Error;
use store::sessions::Dead;

use super::problem::{Code, Problem};
use crate::accounts::{NotConfirmed, Own};
use crate::sessions::{Issued, Refreshed, Refusal, TokenPair};

/// What can be wrong with any token of ours.
pub(crate) const TOKEN_PROBLEMS: &[Code] = &[
    Code::TokenMalformed,
    Code::TokenForged,
    Code::TokenForeign,
    Code::TokenWrongType,
];

/// What can have become of a session.
pub(crate) const SESSION_PROBLEMS: &[Code] = &[
    Code::SessionExpired,
    Code::SessionRevoked,
    Code::SessionUnknown,
];

/// What every call with an access token can answer, beside [`TOKEN_PROBLEMS`] and
/// [`SESSION_PROBLEMS`].
pub(crate) const BEARER_PROBLEMS: &[Code] = &[
    Code::TokenMissing,
    Code::TokenExpired,
    Code::TokenNotYetValid,
];

/// What [`refreshed`] can answer, beside [`TOKEN_PROBLEMS`] and [`SESSION_PROBLEMS`].
pub(crate) const REFRESH_PROBLEMS: &[Code] = &[Code::RefreshMissing, Code::RefreshReused];

/// What [`issued`] can answer.
pub(crate) const ISSUE_PROBLEMS: &[Code] = &[Code::UserDisabled, Code::UserUnknown];

/// What the holder of a refresh token is told.
pub(crate) fn refreshed(outcome: Refreshed) -> Result<TokenPair, Problem> {
    let refusal = match outcome {
        Refreshed::Pair(pair) => return Ok(pair),
        Refreshed::Refused(refusal) => refusal,
    };
    Err(match refusal {
        Refusal::NoToken => Code::RefreshMissing.into(),
        // Its `exp` is the session's end.
        Refusal::Token(Error::Expired) => session_problem(Dead::Expired),
        Refusal::Token(error) => token_code(&error).into(),
        Refusal::Reused => Code::RefreshReused.into(),
        Refusal::OtherUser => Code::UserMismatch.into(),
        Refusal::Session(dead) => session_problem(dead),
    })
}

/// What every call with a service key can answer.
pub(crate) const SERVICE_KEY_PROBLEMS: &[Code] = &[
    Code::ServiceKeyMissing,
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::Unavailable,
];

/// What a user is told of a change for which the password is needed;
/// `field` is that of the password.
pub(crate) fn own<T>(outcome: Own<T>, field: &str) -> Result<T, Problem> {
    outcome.map_err(|why| match why {
        NotConfirmed::WrongPassword => Problem::invalid_field(field, "is not the password"),
        NotConfirmed::TooMany { wait } => rate_limited(wait),
        NotConfirmed::Overtaken => Code::SessionRevoked.into(),
    })
}

/// Too many attempts were made.
pub(crate) fn rate_limited(wait: Duration) -> Problem {
    Problem::from(Code::RateLimited).with_retry_after(wait)
}

/// What a trusted back end is told.
pub(crate) fn issued(outcome: Issued) -> Result<TokenPair, Problem> {
    match outcome {
        Issued::Pair(pair) => Ok(pair),
        Issued::UserUnknown => Err(Code::UserUnknown.into()),
        Issued::UserDisabled => Err(Code::UserDisabled.into()),
    }
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

/// What is wrong with a token, access or refresh.
pub(crate) fn token_code(error: &Error) -> Code {
    match error {
        Error::Expired => Code::TokenExpired,
        Error::NotYetValid | Error::IssuedInTheFuture => Code::TokenNotYetValid,
        Error::BadSignature | Error::AlgorithmMismatch => Code::TokenForged,
        Error::UnknownKey | Error::WrongIssuer | Error::WrongAudience => Code::TokenForeign,
        Error::WrongType => Code::TokenWrongType,
        _ => Code::TokenMalformed,
    }
}

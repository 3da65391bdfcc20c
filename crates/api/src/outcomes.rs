//! Which problem answers which outcome, for outcomes that several calls share.

use std::time::Duration;

use identity::sessions::{Issue, Refusal, Renewed, TokenPair};
use identity::sign_in::Unconfirmed;
use jwt_core::Error;
use store::sessions::NotLive;

use crate::problem::{Code, Problem};

/// What can be wrong with any token.
pub(crate) const TOKEN_PROBLEMS: &[Code] = &[
    Code::TokenMalformed,
    Code::TokenForged,
    Code::TokenForeign,
    Code::TokenWrongType,
];

/// Why a session is not live.
pub(crate) const SESSION_PROBLEMS: &[Code] = &[
    Code::SessionExpired,
    Code::SessionRevoked,
    Code::SessionUnknown,
];

/// What every call with an access token can answer, besides [`TOKEN_PROBLEMS`] and
/// [`SESSION_PROBLEMS`].
pub(crate) const BEARER_PROBLEMS: &[Code] = &[
    Code::TokenMissing,
    Code::TokenExpired,
    Code::TokenNotYetValid,
    Code::TokenOutdated,
];

/// What [`renewed`] can answer, besides [`TOKEN_PROBLEMS`] and [`SESSION_PROBLEMS`].
pub(crate) const REFRESH_PROBLEMS: &[Code] = &[Code::RefreshMissing, Code::RefreshReused];

/// What [`issued`] can answer.
pub(crate) const ISSUE_PROBLEMS: &[Code] = &[Code::UserDisabled, Code::UserUnknown];

/// What every call that requires a service key can answer.
pub(crate) const SERVICE_KEY_PROBLEMS: &[Code] = &[
    Code::ServiceKeyMissing,
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::RateLimited,
    Code::Unavailable,
];

/// The answer to the holder of a refresh token.
pub(crate) fn renewed(outcome: Renewed) -> Result<TokenPair, Problem> {
    let refusal = match outcome {
        Renewed::Granted(pair) => return Ok(pair),
        Renewed::Refused(refusal) => refusal,
    };
    Err(match refusal {
        Refusal::NoToken => Code::RefreshMissing.into(),
        // Its `exp` is that of the session.
        Refusal::Token(Error::Expired) => not_live(NotLive::Expired),
        Refusal::Token(error) => token_code(&error).into(),
        Refusal::Reused => Code::RefreshReused.into(),
        Refusal::OtherUser => Code::UserMismatch.into(),
        Refusal::NotLive(why) => not_live(why),
    })
}

/// The answer to a user who could not confirm an operation with the password in `field`.
pub(crate) fn unconfirmed(why: Unconfirmed, field: &str) -> Problem {
    match why {
        Unconfirmed::WrongPassword => Problem::invalid_field(field, "is wrong"),
        Unconfirmed::RateLimited { wait } => rate_limited(wait),
        Unconfirmed::Overtaken => Code::SessionRevoked.into(),
    }
}

/// The answer to a wrong code, or to an invalid link.
pub(crate) fn refused_proof(by_code: bool) -> Problem {
    match by_code {
        true => Problem::invalid_field("code", "is wrong or has expired. Request a new one"),
        false => Code::LinkInvalid.into(),
    }
}

/// The answer to too many attempts.
pub(crate) fn rate_limited(wait: Duration) -> Problem {
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    let wait_in_words = match seconds {
        1 => "1 second".to_owned(),
        2..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    };
    Problem::from(Code::RateLimited)
        .with_detail(format!("Too many attempts. Try again in {wait_in_words}."))
        .with_retry_after(wait)
}

/// The answer to a trusted back end.
pub(crate) fn issued(outcome: Issue) -> Result<TokenPair, Problem> {
    match outcome {
        Issue::Issued(pair) => Ok(pair),
        Issue::UserUnknown => Err(Code::UserUnknown.into()),
        Issue::UserDisabled => Err(Code::UserDisabled.into()),
    }
}

/// The answer for a session that is not live.
pub(crate) fn not_live(why: NotLive) -> Problem {
    let code = match why {
        NotLive::Revoked(_) => Code::SessionRevoked,
        NotLive::IdleExpired | NotLive::Expired => Code::SessionExpired,
        NotLive::Unknown => return Code::SessionUnknown.into(),
    };
    Problem::from(code).with_reason(why.as_str())
}

/// The code for a token, access or refresh, that failed a check.
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

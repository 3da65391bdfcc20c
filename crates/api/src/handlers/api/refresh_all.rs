use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;
use store::Actor;

use crate::bodies::user_id::UserIdBody;
use crate::extract::device::DeviceOnDemand;
use crate::extract::json_body::OptionalJsonBody;
use crate::extract::limit::DeferredCallLimit;
use crate::extract::refresh_tokens::PresentedRefreshTokens;
use crate::extract::token_issuer::OptionalTokenIssuer;
use crate::outcomes::{
    ISSUE_PROBLEMS, REFRESH_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, issued, renewed,
};
use crate::problem::{Code, Problem};
use crate::token_pair::TokenPairAnswer;

/// Whose tokens to renew.
#[derive(Default, Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenewalRequest {
    /// The user's id, as a string or a number. With a cookie it may be omitted; otherwise it must be
    /// the id of the session's user.
    id: Option<UserIdBody>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    REFRESH_PROBLEMS,
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    ISSUE_PROBLEMS,
    &[
        Code::ServiceKeyInvalid,
        Code::InsufficientScope,
        Code::UserMismatch,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// Get a new access token and a new refresh token
///
/// With the refresh cookie, rotates the session's refresh token. Within the grace period after a
/// rotation it is not rotated again, and only a new access token is returned.
///
/// With a service key, or from a trusted network without a cookie, it is a forced renewal: all sessions
/// of the user `id` are revoked, and a new one is opened.
#[api_v2_operation(operation_id = "refreshAll", tags(Accounts))]
pub(crate) async fn refresh_all(
    limit: DeferredCallLimit,
    presented: PresentedRefreshTokens,
    issuer: OptionalTokenIssuer,
    body: OptionalJsonBody<RenewalRequest>,
    device: DeviceOnDemand,
    sessions: Data<Sessions>,
) -> Result<TokenPairAnswer, Problem> {
    let id = body.0.unwrap_or_default().id.map(|id| id.0);
    if let Some(actor) = issuer.0
        && is_forced(&actor, presented.0.is_empty(), id.is_some())
    {
        let id = id.ok_or_else(id_is_missing)?;
        let issue = sessions.renew_by_force(id, device.look(), &actor).await?;
        return issued(issue).map(TokenPairAnswer);
    }
    limit.count()?;
    let device = || device.look();
    let outcome = sessions.refresh_all(&presented.0, id.as_ref(), &device);
    renewed(outcome.await?).map(TokenPairAnswer)
}

/// A service key was sent on purpose, so it takes precedence over a cookie that came along. The network
/// of a caller was not.
fn is_forced(actor: &Actor, is_without_cookie: bool, names_a_user: bool) -> bool {
    match actor {
        Actor::ServiceKey(_) => true,
        _ => is_without_cookie && names_a_user,
    }
}

fn id_is_missing() -> Problem {
    Problem::invalid_field(
        "id",
        "is required: the id of the user whose sessions are renewed",
    )
}

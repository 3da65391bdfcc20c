use actix_web::web::Data;
use identity::sessions::Sessions;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::bodies::user_id::UserIdBody;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::refresh_tokens::RefreshTokensToReplace;
use crate::extract::token_issuer::TokenIssuer;
use crate::outcomes::{ISSUE_PROBLEMS, issued};
use crate::problem::{Code, Problem};
use crate::token_pair::TokenPairAnswer;

/// The user for whom a session is opened.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRequest {
    /// The user's id, as a string or a number.
    id: UserIdBody,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    ISSUE_PROBLEMS,
    &[
        Code::ServiceKeyMissing,
        Code::ServiceKeyInvalid,
        Code::InsufficientScope,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// Open a session by user id
///
/// For a trusted back end that has authenticated the user itself: it requires a service key with the
/// scope `tokens:issue`, or a trusted network. Users keep the ids that the back end knows them by; the
/// operator adds them with `symbolon user add --id`. The session of a refresh cookie that came along is
/// revoked: the new one replaces it.
#[api_v2_operation(operation_id = "tokens", tags(Tokens))]
pub(crate) async fn tokens(
    issuer: TokenIssuer,
    body: JsonBody<IssueRequest>,
    device: ClientDevice,
    presented: RefreshTokensToReplace,
    sessions: Data<Sessions>,
) -> Result<TokenPairAnswer, Problem> {
    let issue = sessions.issue(body.0.id.0, device.0, &presented.0, &issuer.0);
    issued(issue.await?).map(TokenPairAnswer)
}

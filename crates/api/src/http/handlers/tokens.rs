use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use super::user_id_body::UserIdBody;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::token_issuer::TokenIssuer;
use crate::http::problem::{Code, Problem};
use crate::sessions::{Issue, Sessions, TokenPair};

/// The user for whom a session is opened.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRequest {
    /// Their id, as a string or a number.
    id: UserIdBody,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[Code] = &[
    Code::ServiceKeyMissing,
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::UserDisabled,
    Code::UserUnknown,
    Code::Unavailable,
];

/// Open a session by user id
///
/// For a trusted back end that has already made sure who the user is: it has a service key with
/// the scope `tokens:issue`, or is in a trusted network.
#[api_v2_operation(operation_id = "tokens", tags(Sessions))]
pub(crate) async fn tokens(
    _issuer: TokenIssuer,
    body: JsonBody<IssueRequest>,
    device: ClientDevice,
    sessions: Data<Sessions>,
) -> Result<TokenPair, Problem> {
    issued(sessions.issue(body.0.id.0, device.0).await?)
}

/// What a trusted back end is told.
pub(crate) fn issued(issue: Issue) -> Result<TokenPair, Problem> {
    match issue {
        Issue::Pair(pair) => Ok(pair),
        Issue::UserUnknown => Err(Code::UserUnknown.into()),
        Issue::UserDisabled => Err(Code::UserDisabled.into()),
    }
}

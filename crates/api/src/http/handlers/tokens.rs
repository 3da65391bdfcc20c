use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use super::user_id_body::UserIdBody;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::token_issuer::TokenIssuer;
use crate::http::outcomes::{ISSUE_PROBLEMS, issued};
use crate::http::problem::{Code, Problem};
use crate::sessions::{Sessions, TokenPair};

/// The user for whom a session is opened.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueRequest {
    /// Their id, as a string or a number.
    id: UserIdBody,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    ISSUE_PROBLEMS,
    &[
        Code::ServiceKeyMissing,
        Code::ServiceKeyInvalid,
        Code::InsufficientScope,
        Code::Unavailable,
    ],
];

/// Open a session by user id
///
/// For a trusted back end that has already made sure who the user is: it has a service key with
/// the scope `tokens:issue`, or is in a trusted network. The user keeps the id that the back end
/// knows; the operator adds them with `symbolon user add --id`.
#[api_v2_operation(operation_id = "tokens", tags(Sessions))]
pub(crate) async fn tokens(
    _issuer: TokenIssuer,
    body: JsonBody<IssueRequest>,
    device: ClientDevice,
    sessions: Data<Sessions>,
) -> Result<TokenPair, Problem> {
    issued(sessions.issue(body.0.id.0, device.0).await?)
}

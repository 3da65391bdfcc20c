use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use super::end_other_sessions::EndedBody;
use crate::accounts::{Accounts, LinkUse};
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::limit::SignInLimit;
use crate::http::problem::{Code, Problem};
use crate::password_link::PasswordLink;
use crate::passwords::Password;

/// A password that is set by a link.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordByLink {
    /// The token of the link.
    token: String,
    /// The password from now on.
    new: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::LinkInvalid,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Set a password by a link
///
/// With the token that the operator's side has sent to the user. It is good once; all sessions of the
/// user end.
#[api_v2_operation(operation_id = "setPassword", tags(Accounts))]
pub(crate) async fn set_password(
    _within: SignInLimit,
    body: JsonBody<PasswordByLink>,
    device: ClientDevice,
    accounts: Data<Accounts>,
) -> Result<Json<EndedBody>, Problem> {
    let link = PasswordLink::presented(body.0.token);
    let new = Password::attempt(body.0.new);
    match accounts.set_password_by_link(link, new, &device.0).await? {
        LinkUse::Set { ended } => Ok(Json(EndedBody { ended })),
        LinkUse::Invalid => Err(Code::LinkInvalid.into()),
        LinkUse::InvalidPassword(why) => Err(Problem::invalid_field("new", &why.to_string())),
    }
}

use actix_web::web::Data;
use identity::credentials::{Password, PasswordLink};
use identity::users::{LinkUse, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::bodies::revoked::RevokedBody;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::problem::{Code, Problem};

/// A password to set with a link.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordByLink {
    /// The token of the link.
    token: String,
    /// The new password.
    new: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::LinkInvalid,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Set a password with a link
///
/// Sets a password with the token from a link, which can be used once. Revokes all sessions of the
/// user.
#[api_v2_operation(operation_id = "setPassword", tags(Accounts))]
pub(crate) async fn set_password(
    _limit: SignInLimit,
    body: JsonBody<PasswordByLink>,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<Json<RevokedBody>, Problem> {
    let link = PasswordLink::presented(body.0.token);
    let new = Password::attempt(body.0.new);
    let set = users.set_password_with_link(&link, new, &device.0);
    match set.await? {
        LinkUse::Done { revoked } => Ok(Json(RevokedBody { revoked })),
        LinkUse::LinkInvalid => Err(Code::LinkInvalid.into()),
        LinkUse::Invalid(why) => Err(Problem::invalid_field("new", &why.to_string())),
    }
}

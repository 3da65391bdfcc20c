use actix_web::web::Data;
use identity::credentials::Password;
use identity::users::{PasswordChange, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::bodies::revoked::RevokedBody;
use crate::extract::access_token::Bearer;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, unconfirmed};
use crate::problem::{Code, Problem};

/// A new password, and the current one.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The current password.
    current: String,
    /// The new password: 8 to 128 characters, not a common one, and without the name or the
    /// email address.
    new: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable, Code::Busy],
];

/// Change the current user's password
///
/// Revokes all other sessions of the user. A wrong `current` password returns 422 `validation_failed`.
#[api_v2_operation(operation_id = "changePassword", tags(Accounts))]
pub(crate) async fn change_password(
    _limit: SignInLimit,
    bearer: Bearer,
    device: ClientDevice,
    body: JsonBody<NewPassword>,
    users: Data<Users>,
) -> Result<Json<RevokedBody>, Problem> {
    let NewPassword { current, new } = body.0;
    let (current, new) = (Password::attempt(current), Password::attempt(new));
    let change = users.change_password(&bearer.0, current, new, &device.0);
    match change.await? {
        PasswordChange::Done { revoked } => Ok(Json(RevokedBody { revoked })),
        PasswordChange::Invalid(why) => Err(Problem::invalid_field("new", &why.to_string())),
        PasswordChange::Unconfirmed(why) => Err(unconfirmed(why, "current")),
    }
}

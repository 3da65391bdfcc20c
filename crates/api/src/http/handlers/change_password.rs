use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use super::end_other_sessions::EndedBody;
use crate::accounts::{Accounts, PasswordChange};
use crate::http::extract::access_token::SignedIn;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::limit::SignInLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, own};
use crate::http::problem::{Code, Problem};
use crate::passwords::Password;

/// A password in the place of another.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The password until now.
    current: String,
    /// The password from now on: 8 to 128 characters, not one of the commonest, and without name or
    /// e-mail address.
    new: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::RateLimited, Code::Unavailable, Code::Busy],
];

/// Change one's password
///
/// Ends all other sessions of the user; that of the access token stays. A `current` that is wrong
/// is told as a value that will not do.
#[api_v2_operation(operation_id = "changePassword", tags(Accounts))]
pub(crate) async fn change_password(
    _within: SignInLimit,
    signed_in: SignedIn,
    device: ClientDevice,
    body: JsonBody<NewPassword>,
    accounts: Data<Accounts>,
) -> Result<Json<EndedBody>, Problem> {
    let NewPassword { current, new } = body.0;
    let (current, new) = (Password::attempt(current), Password::attempt(new));
    let change = accounts.change_password(signed_in.0, current, new, &device.0);
    match own(change.await?, "current")? {
        PasswordChange::Changed { ended } => Ok(Json(EndedBody { ended })),
        PasswordChange::Invalid(why) => Err(Problem::invalid_field("new", &why.to_string())),
    }
}

use actix_web::web::Data;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;
use store::users::{Updated, UserChanges};

use super::user_body::UserBody;
use crate::accounts::{Accounts, Email, Name};
use crate::http::extract::access_token::SignedIn;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::limit::SignInLimit;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, own};
use crate::http::problem::{Code, Problem};
use crate::passwords::Password;

/// What of one's account is to be another; what is left out stays.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountUpdate {
    /// The name.
    #[serde(default)]
    name: Option<String>,
    /// The e-mail address, for which the password is needed.
    #[serde(default)]
    email: Option<String>,
    /// The password.
    #[serde(default)]
    password: Option<String>,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[
        Code::NameTaken,
        Code::EmailTaken,
        Code::RateLimited,
        Code::Unavailable,
        Code::Busy,
    ],
];

/// Change one's name or e-mail address
///
/// For the e-mail address the password is needed. Sessions stay.
#[api_v2_operation(operation_id = "updateMe", tags(Accounts))]
pub(crate) async fn update_me(
    _within: SignInLimit,
    signed_in: SignedIn,
    body: JsonBody<AccountUpdate>,
    device: ClientDevice,
    accounts: Data<Accounts>,
) -> Result<Json<UserBody>, Problem> {
    let body = body.0;
    let name = body.name.as_deref().map(Name::parse).transpose();
    let name = name.map_err(|why| Problem::invalid_field("name", &why.to_string()))?;
    let email = body.email.as_deref().map(Email::parse).transpose();
    let email = email.map_err(|why| Problem::invalid_field("email", &why.to_string()))?;
    if email.is_some() && body.password.is_none() {
        let why = "is missing: it is needed for another e-mail address";
        return Err(Problem::invalid_field("password", why));
    }
    let changes = UserChanges {
        name: name.map(String::from),
        email: email.map(String::from),
        claims: None,
    };
    let password = body.password.map(Password::attempt);
    let update = accounts.update_own(signed_in.0, changes, password, &device.0);
    match own(update.await?, "password")? {
        Updated::Updated(user) => Ok(Json(user.into())),
        Updated::NameTaken => Err(Code::NameTaken.into()),
        Updated::EmailTaken => Err(Code::EmailTaken.into()),
        Updated::NotFound => Err(Code::SessionRevoked.into()),
    }
}

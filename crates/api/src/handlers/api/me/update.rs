use actix_web::web::Data;
use identity::credentials::Password;
use identity::users::{Email, Name, ProfileChanges, ProfileUpdate, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::Deserialize;

use crate::bodies::user::UserBody;
use crate::extract::access_token::Bearer;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, unconfirmed};
use crate::problem::{Code, FieldErrors, Problem};

/// Fields to change; omitted fields are kept.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountUpdate {
    /// The display name.
    #[serde(default)]
    name: Option<String>,
    /// The email address; requires the password.
    #[serde(default)]
    email: Option<String>,
    /// The password, required to change the email address.
    #[serde(default)]
    password: Option<String>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[
        Code::EmailTaken,
        Code::RateLimited,
        Code::Unavailable,
        Code::Busy,
    ],
];

/// Change the current user's name or email address
///
/// Changing the email address requires the password. No session is revoked.
#[api_v2_operation(operation_id = "updateMe", tags(Accounts))]
pub(crate) async fn update_me(
    _limit: SignInLimit,
    bearer: Bearer,
    body: JsonBody<AccountUpdate>,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<Json<UserBody>, Problem> {
    let update = users.update_profile(&bearer.0, body.0.parse()?, &device.0);
    match update.await? {
        ProfileUpdate::Done(user) => Ok(Json(user.into())),
        ProfileUpdate::EmailTaken => Err(Code::EmailTaken.into()),
        ProfileUpdate::Unconfirmed(why) => Err(unconfirmed(why, "password")),
    }
}

impl AccountUpdate {
    fn parse(self) -> Result<ProfileChanges, Problem> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", self.name.as_deref().map(Name::parse).transpose());
        let email = errors.check("email", self.email.as_deref().map(Email::parse).transpose());
        let password = self.password.map(Password::attempt);
        let password = match (&email, password) {
            (Some(Some(_)), None) => {
                errors.check("password", Err("is required to change the email address"))
            }
            (_, password) => Some(password),
        };
        match (name, email, password) {
            (Some(name), Some(email), Some(password)) => Ok(ProfileChanges {
                name,
                email,
                password,
            }),
            _ => Err(errors.into()),
        }
    }
}

use actix_web::web::Data;
use identity::credentials::Password;
use identity::users::{Email, Name, NewAccount, Registered, Users};
use paperclip::actix::{Apiv2Schema, CreatedJson, api_v2_operation};
use serde::Deserialize;

use crate::bodies::user::UserBody;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::RegistrationLimit;
use crate::problem::{Code, FieldErrors, Problem};

/// An account to register.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "Registration")]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationRequest {
    /// The display name: 1 to 150 characters.
    name: String,
    /// The email address; unique, ignoring case.
    email: String,
    /// The password: 8 to 128 characters, not a common one, and without the name or the email
    /// address.
    password: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::RegistrationClosed,
    Code::EmailTaken,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Register a user
///
/// Then sign in with `POST /api/login`. The operator can close registration.
#[api_v2_operation(operation_id = "register", tags(Accounts))]
pub(crate) async fn register(
    _limit: RegistrationLimit,
    body: JsonBody<RegistrationRequest>,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<CreatedJson<UserBody>, Problem> {
    let account = body.0.parse()?;
    match users.register(account, &device.0).await? {
        Registered::User(user) => Ok(CreatedJson(user.into())),
        Registered::EmailTaken => Err(Code::EmailTaken.into()),
        Registered::Closed => Err(Code::RegistrationClosed.into()),
    }
}

impl RegistrationRequest {
    fn parse(self) -> Result<NewAccount, Problem> {
        let mut errors = FieldErrors::default();
        let password = Password::attempt(self.password).accept(&self.name, &self.email);
        let name = errors.check("name", Name::parse(&self.name));
        let email = errors.check("email", Email::parse(&self.email));
        let password = errors.check("password", password);
        match (name, email, password) {
            (Some(name), Some(email), Some(password)) => Ok(NewAccount {
                name,
                email,
                password,
            }),
            _ => Err(errors.into()),
        }
    }
}

use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, CreatedJson, api_v2_operation};
use serde::Deserialize;

use super::user_body::UserBody;
use crate::accounts::{Accounts, Email, Name, NewAccount, Registered};
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::limit::RegistrationLimit;
use crate::http::problem::{Code, FieldErrors, Problem};
use crate::passwords::Password;

/// Somebody who wants an account.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "Registration")]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrationRequest {
    /// Their name, unique: 1 to 150 characters.
    name: String,
    /// Their e-mail address, unique without regard to case.
    email: String,
    /// A password of 8 to 128 characters, not one of the commonest, and without name or e-mail address.
    password: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::RegistrationClosed,
    Code::NameTaken,
    Code::EmailTaken,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Register a user
///
/// Whoever has an account signs in with `POST /api/login`. Can be switched off by the operator.
#[api_v2_operation(operation_id = "register", tags(Accounts))]
pub(crate) async fn register(
    _within: RegistrationLimit,
    body: JsonBody<RegistrationRequest>,
    device: ClientDevice,
    accounts: Data<Accounts>,
) -> Result<CreatedJson<UserBody>, Problem> {
    let account = body.0.parse()?;
    match accounts.register(account, &device.0).await? {
        Registered::User(user) => Ok(CreatedJson(user.into())),
        Registered::NameTaken => Err(Code::NameTaken.into()),
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

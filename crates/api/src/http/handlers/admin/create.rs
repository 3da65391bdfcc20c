use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, CreatedJson, api_v2_operation};
use serde::Deserialize;
use store::users::Added;

use super::body::ManagedUserBody;
use crate::accounts::{Accounts, Email, Name, NewUser};
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::service_key::UserWriter;
use crate::http::handlers::claims_body::ClaimsBody;
use crate::http::handlers::user_id_body::UserIdBody;
use crate::http::outcomes::SERVICE_KEY_PROBLEMS;
use crate::http::problem::{Code, FieldErrors, Problem};
use crate::passwords::Password;

/// A user who is to be added.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserCreation {
    /// Their id, if they are known elsewhere by one: a string or a number.
    #[serde(default)]
    id: Option<UserIdBody>,
    /// Their name, unique.
    name: String,
    /// Their e-mail address, unique without regard to case.
    email: String,
    /// Their password; without one they set it by a link, or sign in elsewhere.
    #[serde(default)]
    password: Option<String>,
    /// Their own claims in access tokens.
    #[serde(default)]
    claims: ClaimsBody,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const CREATE_PROBLEMS: &[&[Code]] = &[
    SERVICE_KEY_PROBLEMS,
    &[Code::IdTaken, Code::NameTaken, Code::EmailTaken, Code::Busy],
];

/// Add a user
///
/// For a service key with `users:write`; also where registration is closed.
#[api_v2_operation(operation_id = "createUser", tags(Operation))]
pub(crate) async fn create_user(
    caller: UserWriter,
    body: JsonBody<UserCreation>,
    accounts: Data<Accounts>,
) -> Result<CreatedJson<ManagedUserBody>, Problem> {
    let (added, user) = accounts.add(body.0.parse()?, &caller.told()).await?;
    match added {
        Added::Added => Ok(CreatedJson(user.into())),
        Added::IdTaken => Err(Code::IdTaken.into()),
        Added::NameTaken => Err(Code::NameTaken.into()),
        Added::EmailTaken => Err(Code::EmailTaken.into()),
    }
}

impl UserCreation {
    fn parse(self) -> Result<NewUser, Problem> {
        let mut errors = FieldErrors::default();
        let password = self.password.map(Password::attempt);
        let password = password.map(|password| password.accept(&self.name, &self.email));
        let name = errors.check("name", Name::parse(&self.name));
        let email = errors.check("email", Email::parse(&self.email));
        let password = errors.check("password", password.transpose());
        let claims = errors.check("claims", self.claims.parse());
        match (name, email, password, claims) {
            (Some(name), Some(email), Some(password), Some(claims)) => Ok(NewUser {
                id: self.id.map(|id| id.0),
                name,
                email,
                password,
                claims,
            }),
            _ => Err(errors.into()),
        }
    }
}

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::credentials::Password;
use identity::users::{Email, Name, NewAccount, Registered, Users};
use paperclip::actix::{Apiv2Schema, CreatedJson, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Deserialize;

use crate::bodies::user::UserBody;
use crate::extract::asking_browser::{AskingBrowser, AskingCookie};
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
    /// Where the browser goes after the address is proven: a URL of this service or of an allowed origin.
    #[serde(default)]
    return_to: Option<String>,
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
/// Then sign in with `POST /api/login`. If users prove their address, they get a mail with a link and a code.
/// The operator can close registration.
#[api_v2_operation(operation_id = "register", tags(Accounts))]
pub(crate) async fn register(
    _limit: RegistrationLimit,
    body: JsonBody<RegistrationRequest>,
    device: ClientDevice,
    browser: AskingBrowser,
    users: Data<Users>,
) -> Result<RegisteredAnswer, Problem> {
    let (asking, cookie) = browser.ask(body.0.return_to.as_deref())?;
    let account = body.0.parse()?;
    match users.register(account, asking, &device.0).await? {
        Registered::User(user) => Ok(RegisteredAnswer(user.into(), cookie)),
        Registered::EmailTaken => Err(Code::EmailTaken.into()),
        Registered::Closed => Err(Code::RegistrationClosed.into()),
    }
}

/// The user, and the cookie that makes this browser known as the one that registered.
pub(crate) struct RegisteredAnswer(UserBody, AskingCookie);

impl Responder for RegisteredAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Created()
            .insert_header((header::SET_COOKIE, self.1.into_header()))
            .json(self.0)
    }
}

impl paperclip::v2::schema::Apiv2Schema for RegisteredAnswer {}

impl OperationModifier for RegisteredAnswer {
    fn update_response(operation: &mut DefaultOperationRaw) {
        CreatedJson::<UserBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        CreatedJson::<UserBody>::update_definitions(definitions);
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

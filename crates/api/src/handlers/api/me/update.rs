use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::credentials::Password;
use identity::locale::Locale;
use identity::users::{Email, Name, ProfileChanges, ProfileUpdate, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Deserialize;

use crate::bodies::user::UserBody;
use crate::extract::access_token::Bearer;
use crate::extract::asking_browser::{AskingBrowser, AskingCookie};
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
    /// The language of mails and pages: `en` or `ru`.
    #[serde(default)]
    locale: Option<String>,
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

/// Change the current user's name, language or email address
///
/// Changing the email address requires the password. If mail is configured, the answer is 202: the new
/// address gets a mail, and replaces the old one when it is proven. No session is revoked.
#[api_v2_operation(operation_id = "updateMe", tags(Accounts))]
pub(crate) async fn update_me(
    _limit: SignInLimit,
    bearer: Bearer,
    body: JsonBody<AccountUpdate>,
    device: ClientDevice,
    browser: AskingBrowser,
    users: Data<Users>,
) -> Result<UpdatedAnswer, Problem> {
    let (asking, cookie) = browser.ask(None)?;
    let update = users.update_profile(&bearer.0, body.0.parse()?, asking, &device.0);
    match update.await? {
        ProfileUpdate::Done(user) => Ok(UpdatedAnswer::Done(user.into())),
        ProfileUpdate::MustBeProven { user, email } => {
            let user = UserBody::from(user).with_pending_email(Some(email));
            Ok(UpdatedAnswer::MustBeProven(user, cookie))
        }
        ProfileUpdate::EmailTaken => Err(Code::EmailTaken.into()),
        ProfileUpdate::Unconfirmed(why) => Err(unconfirmed(why, "password")),
    }
}

/// The user: 202 if a new address must be proven first, with the cookie by which the browser that asked is known.
pub(crate) enum UpdatedAnswer {
    Done(UserBody),
    MustBeProven(UserBody, AskingCookie),
}

impl Responder for UpdatedAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        match self {
            Self::Done(user) => HttpResponse::Ok().json(user),
            Self::MustBeProven(user, cookie) => HttpResponse::Accepted()
                .insert_header((header::SET_COOKIE, cookie.into_header()))
                .json(user),
        }
    }
}

impl paperclip::v2::schema::Apiv2Schema for UpdatedAnswer {}

impl OperationModifier for UpdatedAnswer {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<UserBody>::update_response(operation);
        if let Some(response) = operation.responses.get("200").cloned() {
            operation.responses.insert("202".into(), response);
        }
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<UserBody>::update_definitions(definitions);
    }
}

impl AccountUpdate {
    fn parse(self) -> Result<ProfileChanges, Problem> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", self.name.as_deref().map(Name::parse).transpose());
        let email = errors.check("email", self.email.as_deref().map(Email::parse).transpose());
        let locale = self.locale.as_deref().map(|tag| {
            Locale::parse(tag).ok_or("must be one of the languages that we have: en, ru")
        });
        let locale = errors.check("locale", locale.transpose());
        let password = self.password.map(Password::attempt);
        let password = match (&email, password) {
            (Some(Some(_)), None) => {
                errors.check("password", Err("is required to change the email address"))
            }
            (_, password) => Some(password),
        };
        match (name, email, locale, password) {
            (Some(name), Some(email), Some(locale), Some(password)) => Ok(ProfileChanges {
                name,
                email,
                locale,
                password,
            }),
            _ => Err(errors.into()),
        }
    }
}

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Deserialize;

use crate::accounts::{Accounts, PasswordCheck};
use crate::http::cookie::DeviceCookie;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::json_body::JsonBody;
use crate::http::extract::known_device::MaybeKnownDevice;
use crate::http::extract::limit::SignInLimit;
use crate::http::outcomes::rate_limited;
use crate::http::problem::{Code, Problem};
use crate::passwords::Password;
use crate::sessions::{Sessions, SignedIn, TokenPair};

/// Somebody who wants to sign in.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// Their e-mail address.
    email: String,
    /// Their password.
    password: String,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::InvalidCredentials,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Sign in
///
/// Opens a session: an access token in the body and the `Authorization` header, a refresh token
/// in the cookie. An unknown address and a wrong password get the same answer in the same time. A second
/// cookie, for this call alone, makes the device known: guesses of strangers do not count against it.
#[api_v2_operation(operation_id = "login", tags(Sessions))]
pub(crate) async fn login(
    _within: SignInLimit,
    body: JsonBody<Credentials>,
    device: ClientDevice,
    known: MaybeKnownDevice,
    accounts: Data<Accounts>,
    sessions: Data<Sessions>,
) -> Result<SignedIn, Problem> {
    let Credentials { email, password } = body.0;
    let (email, password) = (email.trim().to_owned(), Password::attempt(password));
    let known = known.0.as_ref();
    let checked = accounts.check_password(email, password, known, &device.0);
    let user = match checked.await? {
        PasswordCheck::Good(user) => user,
        PasswordCheck::Refused => return Err(Code::InvalidCredentials.into()),
        PasswordCheck::TooMany { wait } => return Err(rate_limited(wait)),
    };
    let signed_in = sessions.sign_in(user, known, device.0).await?;
    signed_in.ok_or_else(|| Code::InvalidCredentials.into())
}

impl Responder for SignedIn {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = self.pair.respond_to(request);
        let Some(cookie) = request.app_data::<Data<DeviceCookie>>() else {
            return HttpResponse::from_error(Problem::from(Code::Internal));
        };
        if let Ok(cookie) = HeaderValue::try_from(cookie.set(&self.device_token)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl paperclip::v2::schema::Apiv2Schema for SignedIn {}

impl OperationModifier for SignedIn {
    fn update_response(operation: &mut DefaultOperationRaw) {
        TokenPair::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        TokenPair::update_definitions(definitions);
    }
}

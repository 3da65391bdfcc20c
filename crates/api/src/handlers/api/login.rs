pub(crate) mod by_mail;
pub(crate) mod send_code;

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::credentials::Password;
use identity::sign_in::{Browser, Credentials, SignIn, SignInOutcome, SignedIn};
use identity::tokens::KNOWN_FOR;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Deserialize;

use crate::cookie::Cookies;
use crate::extract::asking_browser::AskingBrowser;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::known_device::KnownDevices;
use crate::extract::limit::SignInLimit;
use crate::extract::refresh_tokens::RefreshTokensToReplace;
use crate::outcomes::rate_limited;
use crate::problem::{Code, Problem};
use crate::token_pair::TokenPairAnswer;

/// Credentials to sign in with.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "Credentials")]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialsBody {
    /// The email address.
    email: String,
    /// The password.
    password: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::InvalidCredentials,
    Code::EmailUnverified,
    Code::RateLimited,
    Code::Unavailable,
    Code::Busy,
]];

/// Sign in
///
/// Opens a session. The access token is in the body and in the `Authorization` header, the refresh token
/// in the cookie. An unknown email address and a wrong password get the same answer in the same time. A
/// second cookie, sent only to this endpoint, identifies the device at later sign-ins, so that password
/// guesses from other devices do not use up its attempts. The session of a refresh cookie that came along is
/// revoked: the new one replaces it.
#[api_v2_operation(operation_id = "login", tags(Accounts))]
pub(crate) async fn login(
    _limit: SignInLimit,
    body: JsonBody<CredentialsBody>,
    device: ClientDevice,
    known: KnownDevices,
    presented: RefreshTokensToReplace,
    asking: AskingBrowser,
    sign_in: Data<SignIn>,
) -> Result<SignedInAnswer, Problem> {
    let (asking, cookie) = asking.ask(None)?;
    let credentials = Credentials {
        email: body.0.email.trim().to_owned(),
        password: Password::attempt(body.0.password),
    };
    let browser = Browser {
        device: device.0,
        known: known.0,
        refresh_tokens: presented.0,
        asking,
    };
    let outcome = sign_in.sign_in(credentials, browser).await?;
    if outcome == SignInOutcome::EmailUnverified {
        let cookie = cookie.into_header();
        return Err(Problem::from(Code::EmailUnverified).with_cookie(cookie));
    }
    answer(outcome, || Code::InvalidCredentials.into())
}

/// The answer to a sign-in; `refused` if what was presented is wrong.
fn answer(
    outcome: SignInOutcome,
    refused: impl FnOnce() -> Problem,
) -> Result<SignedInAnswer, Problem> {
    match outcome {
        SignInOutcome::SignedIn(signed_in) => Ok(SignedInAnswer(signed_in)),
        SignInOutcome::Refused => Err(refused()),
        SignInOutcome::EmailUnverified => Err(Code::EmailUnverified.into()),
        SignInOutcome::RateLimited { wait } => Err(rate_limited(wait)),
    }
}

/// The token pair, and the cookie that makes the device known.
pub(crate) struct SignedInAnswer(SignedIn);

impl Responder for SignedInAnswer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = TokenPairAnswer(self.0.tokens).respond_to(request);
        let Some(cookies) = request.app_data::<Data<Cookies>>() else {
            return HttpResponse::from_error(Problem::from(Code::Internal));
        };
        let token = self.0.device_token;
        let cookie = cookies.device.set(token.as_str(), KNOWN_FOR.as_secs());
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl paperclip::v2::schema::Apiv2Schema for SignedInAnswer {}

impl OperationModifier for SignedInAnswer {
    fn update_response(operation: &mut DefaultOperationRaw) {
        TokenPairAnswer::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        TokenPairAnswer::update_definitions(definitions);
    }
}

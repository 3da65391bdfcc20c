use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::sessions::{Sessions, SignedOut};
use paperclip::actix::web::Json;
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};

use crate::bodies::message::MessageBody;
use crate::cookie::Cookies;
use crate::extract::access_token::AnyAccessToken;
use crate::extract::device::ClientDevice;
use crate::extract::limit::CallLimit;
use crate::extract::refresh_tokens::PresentedRefreshTokens;
use crate::problem::{Code, Problem};

/// The user is signed out. If there is a header that removes the cookie, it is sent.
pub(crate) struct SignedOutAnswer(pub(crate) Option<String>);

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] =
    &[&[Code::RequestMalformed, Code::RateLimited, Code::Unavailable]];

/// Sign out
///
/// Revokes the session of the refresh cookie, of the access token, or of both. They may be expired or
/// invalid. Removes the cookie, unless the call fails: then it can be repeated.
#[api_v2_operation(operation_id = "logout", tags(Accounts))]
pub(crate) async fn logout(
    _limit: CallLimit,
    presented: PresentedRefreshTokens,
    access_token: AnyAccessToken,
    device: ClientDevice,
    cookies: Data<Cookies>,
    sessions: Data<Sessions>,
) -> Result<SignedOutAnswer, Problem> {
    let outcome = sessions.sign_out(&presented.0, access_token.0.as_deref(), &device.0);
    match outcome.await? {
        SignedOut::Done => Ok(SignedOutAnswer(Some(cookies.refresh.clear()))),
        SignedOut::TooMany => Err(Problem::from(Code::RequestMalformed).with_detail(
            "The request has refresh tokens of more than 16 live sessions. Some were revoked; repeat the \
             request to revoke the others.",
        )),
    }
}

impl Responder for SignedOutAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok().json(MessageBody::SUCCESS);
        let cookie = self.0.map(header::HeaderValue::try_from);
        if let Some(Ok(cookie)) = cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl paperclip::v2::schema::Apiv2Schema for SignedOutAnswer {}

impl OperationModifier for SignedOutAnswer {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<MessageBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<MessageBody>::update_definitions(definitions);
    }
}

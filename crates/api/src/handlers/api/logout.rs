use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use identity::sessions::Sessions;
use paperclip::actix::web::Json;
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};

use crate::bodies::message::MessageBody;
use crate::cookie::Cookies;
use crate::extract::access_token::AnyAccessToken;
use crate::extract::device::ClientDevice;
use crate::extract::refresh_tokens::PresentedRefreshTokens;
use crate::problem::{Code, Problem};

/// The user is signed out. The cookie is removed even if something failed.
pub(crate) struct SignedOut {
    cookie: Option<String>,
    outcome: Result<(), Problem>,
}

impl SignedOut {
    /// It worked. If there is a header that removes the cookie, it is sent.
    pub(crate) fn new(cookie: Option<String>) -> Self {
        Self {
            cookie,
            outcome: Ok(()),
        }
    }
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[Code::Unavailable]];

/// Sign out
///
/// Revokes the session of the refresh cookie, of the access token, or of both. They may be expired or
/// invalid. Always removes the cookie.
#[api_v2_operation(operation_id = "logout", tags(Sessions))]
pub(crate) async fn logout(
    presented: PresentedRefreshTokens,
    access_token: AnyAccessToken,
    device: ClientDevice,
    cookies: Data<Cookies>,
    sessions: Data<Sessions>,
) -> SignedOut {
    let outcome = sessions.sign_out(&presented.0, access_token.0.as_deref(), &device.0);
    SignedOut {
        cookie: Some(cookies.refresh.clear()),
        outcome: outcome.await.map_err(Problem::from),
    }
}

impl Responder for SignedOut {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = match self.outcome {
            Ok(()) => HttpResponse::Ok().json(MessageBody::SUCCESS),
            Err(problem) => problem.error_response(),
        };
        let cookie = self.cookie.map(header::HeaderValue::try_from);
        if let Some(Ok(cookie)) = cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl paperclip::v2::schema::Apiv2Schema for SignedOut {}

impl OperationModifier for SignedOut {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<MessageBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<MessageBody>::update_definitions(definitions);
    }
}

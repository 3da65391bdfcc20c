use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Serialize;

use crate::http::cookie::RefreshCookie;
use crate::http::extract::access_token::AnyAccessToken;
use crate::http::extract::device::ClientDevice;
use crate::http::extract::refresh_tokens::PresentedRefreshTokens;
use crate::http::problem::{Code, Problem};
use crate::sessions::Sessions;

/// Says that it worked.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Message")]
pub(crate) struct MessageBody {
    /// Always `success`.
    message: &'static str,
}

impl MessageBody {
    pub(crate) const SUCCESS: Self = Self { message: "success" };
}

/// A session has ended. The cookie is gone, whatever else happened.
pub(crate) struct SignedOut {
    cookie: Option<String>,
    outcome: Result<(), Problem>,
}

impl SignedOut {
    /// It worked, and the cookie is to be removed by this header, if it is.
    pub(crate) fn new(cookie: Option<String>) -> Self {
        Self {
            cookie,
            outcome: Ok(()),
        }
    }
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[Code::Unavailable]];

/// Sign out
///
/// Ends the session of the refresh cookie, of the access token, or of both, good, expired or
/// neither; and always removes the cookie.
#[api_v2_operation(operation_id = "logout", tags(Sessions))]
pub(crate) async fn logout(
    presented: PresentedRefreshTokens,
    access_token: AnyAccessToken,
    device: ClientDevice,
    cookie: Data<RefreshCookie>,
    sessions: Data<Sessions>,
) -> SignedOut {
    let outcome = sessions.sign_out(&presented.0, access_token.0.as_deref(), &device.0);
    SignedOut {
        cookie: Some(cookie.clear()),
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

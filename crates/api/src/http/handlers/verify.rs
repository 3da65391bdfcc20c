use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, Either, Response};

use crate::http::extract::access_token::SignedIn;
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::http::problem::Code;
use crate::tokens::AccessClaims;

/// Whose a good access token is, in headers: a proxy passes them on.
pub(crate) struct Verified(AccessClaims);

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[TOKEN_PROBLEMS, SESSION_PROBLEMS, BEARER_PROBLEMS];

/// Verify an access token
///
/// For proxies (forward authentication): whose token it is comes in the headers `X-User-Id` and
/// `X-Session-Id`. Looks nothing up, and works while the database is away.
#[api_v2_operation(operation_id = "verify", tags(Sessions))]
pub(crate) async fn verify(signed_in: SignedIn) -> Verified {
    Verified(signed_in.0)
}

const USER_ID: HeaderName = HeaderName::from_static("x-user-id");
const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");

impl Responder for Verified {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((USER_ID, self.0.user_id.as_str()))
            .insert_header((SESSION_ID, self.0.session_id.to_string()))
            .finish()
    }
}

impl paperclip::v2::schema::Apiv2Schema for Verified {}

impl OperationModifier for Verified {
    fn update_response(operation: &mut DefaultOperationRaw) {
        let ok = Response {
            description: Some("The token is good.".to_owned()),
            ..DefaultResponseRaw::default()
        };
        operation.responses = BTreeMap::from([("200".to_owned(), Either::Right(ok))]);
    }
}

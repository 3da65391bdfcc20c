//! The answer of every call that issues a token pair.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::sessions::TokenPair;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Serialize;

use crate::cookie::Cookies;
use crate::problem::{Code, Problem};

/// An access token. A new refresh token is in the cookie, never in the body.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "AccessToken")]
pub(crate) struct AccessTokenBody {
    /// The access token, a JWT (RFC 9068).
    token: String,
    /// Always `Bearer` (RFC 6750).
    token_type: &'static str,
    /// Seconds until it expires.
    expires_in: u64,
}

/// A token pair, as it is answered.
pub(crate) struct TokenPairAnswer(pub(crate) TokenPair);

impl Responder for TokenPairAnswer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let TokenPair { access, refresh } = self.0;
        let mut response = HttpResponse::Ok();
        let bearer = format!("Bearer {}", access.as_str());
        response.insert_header((header::AUTHORIZATION, bearer));
        if let Some((token, max_age)) = &refresh {
            let Some(cookies) = request.app_data::<Data<Cookies>>() else {
                return HttpResponse::from_error(Problem::from(Code::Internal));
            };
            response.insert_header((
                header::SET_COOKIE,
                cookies.refresh.set(token.as_str(), *max_age),
            ));
        }
        response.json(AccessTokenBody {
            token: access.as_str().to_owned(),
            token_type: "Bearer",
            expires_in: access.expires_in(),
        })
    }
}

impl paperclip::v2::schema::Apiv2Schema for TokenPairAnswer {}

impl OperationModifier for TokenPairAnswer {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<AccessTokenBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<AccessTokenBody>::update_definitions(definitions);
    }
}

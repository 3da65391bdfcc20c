//! A token pair, answered the same way by every call that makes one.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde::Serialize;

use super::cookie::RefreshCookie;
use super::problem::Code;
use crate::sessions::TokenPair;

/// An access token; the refresh token, where there is a new one, is in the cookie and never here.
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

impl Responder for TokenPair {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        let bearer = format!("Bearer {}", self.access.as_str());
        response.insert_header((header::AUTHORIZATION, bearer));
        if let Some((token, max_age)) = &self.refresh {
            let Some(cookie) = request.app_data::<Data<RefreshCookie>>() else {
                return HttpResponse::from_error(super::problem::Problem::from(Code::Internal));
            };
            response.insert_header((header::SET_COOKIE, cookie.set(token, *max_age)));
        }
        response.json(AccessTokenBody {
            token: self.access.as_str().to_owned(),
            token_type: "Bearer",
            expires_in: self.access.expires_in(),
        })
    }
}

impl paperclip::v2::schema::Apiv2Schema for TokenPair {}

impl OperationModifier for TokenPair {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<AccessTokenBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<AccessTokenBody>::update_definitions(definitions);
    }
}

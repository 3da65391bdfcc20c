use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::tokens::AccessTokens;
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, Either, Response};

/// The media type of a JWK set (RFC 7517 §8.5.2).
pub(crate) const JWK_SET: &str = "application/jwk-set+json";

/// How long others may cache the JWK set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JwksMaxAge(Duration);

impl JwksMaxAge {
    /// A key must be known everywhere before it signs, so a copy is valid for half of that time, and for
    /// an hour at most so that withdrawn keys disappear.
    pub(crate) fn new(publish_ahead: Duration) -> Self {
        Self((publish_ahead / 2).min(Duration::from_secs(3600)))
    }
}

/// A JWK set.
pub(crate) struct JwkSet {
    json: String,
    max_age: u64,
}

/// Get the public keys
///
/// A JWK set (RFC 7517) with the keys that verify access tokens, including the next key. HMAC keys are
/// secret and never listed, so the set is empty while Symbolon signs with HS256, HS384 or HS512.
#[api_v2_operation(operation_id = "jwks", tags(Keys))]
pub(crate) async fn jwks(tokens: Data<AccessTokens>, max_age: Data<JwksMaxAge>) -> JwkSet {
    JwkSet {
        json: tokens.jwk_set(),
        max_age: max_age.0.as_secs(),
    }
}

impl Responder for JwkSet {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(JWK_SET)
            .insert_header((
                header::CACHE_CONTROL,
                format!("public, max-age={}", self.max_age),
            ))
            .body(self.json)
    }
}

impl paperclip::v2::schema::Apiv2Schema for JwkSet {}

impl OperationModifier for JwkSet {
    fn update_response(operation: &mut DefaultOperationRaw) {
        let ok = Response {
            description: Some("The public keys.".to_owned()),
            ..DefaultResponseRaw::default()
        };
        operation.responses = BTreeMap::from([("200".to_owned(), Either::Right(ok))]);
    }
}

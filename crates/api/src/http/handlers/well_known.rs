//! What other programs look for at fixed places (RFC 8615).

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, Either, Response};
use serde::Serialize;

use crate::http::problem::Problem;
use crate::settings::PublicUrl;
use crate::tokens::AccessTokens;

/// The media type of a JWK set (RFC 7517 §8.5.2).
pub(crate) const JWK_SET: &str = "application/jwk-set+json";

/// For how long others may keep the JWK set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JwksMaxAge(Duration);

impl JwksMaxAge {
    /// A key must be known everywhere before it signs: half of the time leaves room for the fetch,
    /// and no more than an hour for one that was withdrawn.
    pub(crate) fn new(publish_ahead: Duration) -> Self {
        Self((publish_ahead / 2).min(Duration::from_secs(3600)))
    }
}

/// A JWK set.
pub(crate) struct JwkSet {
    json: String,
    max_age: u64,
}

/// See the public keys
///
/// A JWK set (RFC 7517) with the keys that verify access tokens now or soon. Keys for HMAC are
/// secret, and not in it: it is empty with `SYMBOLON_SIGNING_ALG=HS512`.
#[api_v2_operation(operation_id = "jwks", tags(Keys))]
pub(crate) async fn jwks(tokens: Data<AccessTokens>, max_age: Data<JwksMaxAge>) -> JwkSet {
    JwkSet {
        json: tokens.jwks(),
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
            // For pages that verify tokens themselves; it is public.
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
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

/// What this service is to an OAuth client (RFC 8414 §2): a verifier of its own tokens. There is no
/// authorization endpoint, so the lists that stand for one are empty.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "AuthorizationServer")]
pub(crate) struct AuthorizationServer {
    /// `iss` of all tokens.
    issuer: String,
    /// Where the public keys are.
    jwks_uri: String,
    /// Whether a token is active (RFC 7662); with a service key as bearer token.
    introspection_endpoint: String,
    /// Where a token is revoked (RFC 7009).
    revocation_endpoint: String,
    /// None: whoever holds a token may revoke it.
    revocation_endpoint_auth_methods_supported: Vec<String>,
    /// None: there is no authorization endpoint.
    response_types_supported: Vec<String>,
    /// None: there is no token endpoint of OAuth.
    grant_types_supported: Vec<String>,
    /// The description of all calls, for people.
    service_documentation: String,
}

/// See what this service is to an OAuth client
///
/// RFC 8414. Nothing stands in it that is not so.
#[api_v2_operation(operation_id = "authorizationServer", tags(Keys))]
pub(crate) async fn authorization_server(
    public_url: Data<PublicUrl>,
) -> Result<Json<AuthorizationServer>, Problem> {
    let at = |path| format!("{}{path}", public_url.issuer());
    Ok(Json(AuthorizationServer {
        issuer: at(""),
        jwks_uri: at("/.well-known/jwks.json"),
        introspection_endpoint: at("/api/introspect"),
        revocation_endpoint: at("/api/revoke"),
        revocation_endpoint_auth_methods_supported: vec!["none".to_owned()],
        response_types_supported: Vec::new(),
        grant_types_supported: Vec::new(),
        service_documentation: at("/docs/"),
    }))
}

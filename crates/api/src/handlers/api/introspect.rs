use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::sessions::Sessions;
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde_json::{Map, Value};

use crate::extract::token_call::IntrospectionCall;
use crate::problem::{Code, Problem};

/// Whether a token is active, and its claims (RFC 7662 §2.2).
#[derive(Apiv2Schema)]
#[openapi(rename = "Introspection")]
#[expect(
    dead_code,
    reason = "for the OpenAPI document; the answer has the claims of the token"
)]
pub(crate) struct IntrospectionBody {
    /// Whether the token is valid and its session is live. The other members are only sent if it is.
    active: bool,
    /// `Bearer` for an access token.
    token_type: Option<String>,
    /// The user's id.
    sub: Option<String>,
    /// The session's id.
    sid: Option<String>,
    /// The user's id again: names are not unique, and users choose their addresses.
    username: Option<String>,
    /// The service key that opened the session, or `SYMBOLON_CLIENT_ID`.
    client_id: Option<String>,
    /// The user's claim `scope`; empty if they have none.
    scope: Option<String>,
    /// When it expires, in seconds since 1970.
    exp: Option<i64>,
    /// When it was issued, in seconds since 1970.
    iat: Option<i64>,
}

/// The claims of an active token; `None` for any other.
pub(crate) struct Introspection(Option<Map<String, Value>>);

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::ServiceKeyMissing,
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::RateLimited,
    Code::Unavailable,
]];

/// Introspect a token
///
/// RFC 7662. Refresh tokens are only active with `token_type_hint=refresh_token`, so that none passes for an
/// access token where nothing but `active` is looked at. Requires a service key with the scope `tokens:introspect`, as a
/// bearer token, by HTTP Basic with the key's name, or as `client_id` and `client_secret` in the form.
/// Tokens of a session that this replica revoked are inactive at once, those of other replicas within
/// two seconds. Introspecting a refresh token does not use it.
#[api_v2_operation(operation_id = "introspect", tags(Tokens))]
pub(crate) async fn introspect(
    call: IntrospectionCall,
    sessions: Data<Sessions>,
) -> Result<Introspection, Problem> {
    Ok(Introspection(
        sessions.introspect(&call.token, call.wanted).await?,
    ))
}

impl Responder for Introspection {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let is_active = self.0.is_some();
        let mut body = self.0.unwrap_or_default();
        // Last, so that no custom claim can replace it.
        body.insert("active".to_owned(), is_active.into());
        HttpResponse::Ok().json(body)
    }
}

impl paperclip::v2::schema::Apiv2Schema for Introspection {}

impl OperationModifier for Introspection {
    fn update_response(operation: &mut DefaultOperationRaw) {
        Json::<IntrospectionBody>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        Json::<IntrospectionBody>::update_definitions(definitions);
    }
}

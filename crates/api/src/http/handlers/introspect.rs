use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw};
use serde_json::{Map, Value};

use crate::http::extract::form_body::TokenForm;
use crate::http::extract::service_key::TokenIntrospector;
use crate::http::problem::{Code, Problem};
use crate::sessions::Sessions;

/// Whether a token is active, and what it says (RFC 7662 §2.2).
#[derive(Apiv2Schema)]
#[openapi(rename = "Introspection")]
#[expect(
    dead_code,
    reason = "for the document; the claims are those of the token"
)]
pub(crate) struct IntrospectionBody {
    /// Whether it is good, and its session has not ended. All else is there only if it is.
    active: bool,
    /// `Bearer` for an access token.
    token_type: Option<String>,
    /// The user's id.
    sub: Option<String>,
    /// The session's id.
    sid: Option<String>,
    /// When it expires, in seconds since 1970.
    exp: Option<i64>,
    /// When it was issued, in seconds since 1970.
    iat: Option<i64>,
}

/// The claims of an active token; nothing for another.
pub(crate) struct Introspection(Option<Map<String, Value>>);

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[&[
    Code::ServiceKeyMissing,
    Code::ServiceKeyInvalid,
    Code::InsufficientScope,
    Code::Unavailable,
]];

/// Ask whether a token is active
///
/// RFC 7662, for an access or refresh token, with a service key of the scope `tokens:introspect`. A
/// session that was ended here is inactive at once, one that another replica has ended within two
/// seconds. Asking about a refresh token does not use it.
#[api_v2_operation(operation_id = "introspect", tags(Sessions))]
pub(crate) async fn introspect(
    _caller: TokenIntrospector,
    form: TokenForm,
    sessions: Data<Sessions>,
) -> Result<Introspection, Problem> {
    Ok(Introspection(sessions.introspect(&form.0).await?))
}

impl Responder for Introspection {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let is_active = self.0.is_some();
        let mut body = self.0.unwrap_or_default();
        // Last: no claim of the user's own passes for it.
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

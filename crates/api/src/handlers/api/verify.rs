pub(crate) mod browser;

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, ResponseError};
use identity::clock::Clock;
use identity::tokens::{AccessTokens, custom_claims_of};
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{
    CollectionFormat, DataType, DefaultOperationRaw, DefaultResponseRaw, Either, Items, Parameter,
    ParameterIn, Response,
};
use serde_json::{Map, Value};
use store::sessions::SessionId;
use store::users::UserId;
use url::form_urlencoded;

use crate::extract::access_token::{Bearer, token_holder};
use crate::extract::data;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::problem::{Code, Problem};
use crate::settings::ClaimHeader;

/// The holder of a valid access token, in headers that a proxy passes on.
#[derive(Debug)]
pub(crate) struct Verified(HttpResponse);

/// What verification answers besides the user and the session.
#[derive(Clone, Debug)]
pub(crate) struct ForwardedHeaders {
    /// The custom claims that become headers.
    pub(crate) claims: Vec<ClaimHeader>,
    /// The lifetime of forwarded tokens; `None` if there are none.
    pub(crate) token_ttl: Option<Duration>,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::ClaimRequired],
];

/// Verify an access token
///
/// For proxies (forward authentication). The headers `X-User-Id` and `X-Session-Id` name the user and the
/// session, and `X-Claim-…` the custom claims that the operator has configured. If forwarded
/// tokens are enabled, `X-Forwarded-Token` contains the same information in a signed JWT of the type
/// `forwarded+jwt`, which is not accepted as an access token. Legacy tokens have no session, so
/// `X-Session-Id` is missing. The query can require claims, as in `?require=role:admin`: the
/// token must have each of them, or a list that contains it; other parameters are ignored. Needs no database query, and works while the
/// database is unavailable.
#[api_v2_operation(operation_id = "verify", tags(Tokens))]
pub(crate) async fn verify(verified: Verified) -> Verified {
    verified
}

/// Whether a call can be answered by [`Verified::answer`] alone, before it takes the way through layers and
/// routes, which costs as much as all of the verification. A page of another origin needs the layer for CORS.
pub(crate) fn is_plain(request: &HttpRequest) -> bool {
    request.path() == "/api/verify"
        && *request.method() == Method::GET
        && !request.headers().contains_key(header::ORIGIN)
}

impl Verified {
    /// The answer to a [plain](is_plain) call.
    pub(crate) fn answer(request: &HttpRequest) -> HttpResponse {
        Self::of(request).map_or_else(|problem| problem.error_response(), |verified| verified.0)
    }

    /// Verifies the access token of a request.
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let holder = token_holder(request)?;
        let claims = || custom_claims_of(holder.token);
        identity_headers(request, &holder.user_id, holder.session_id, claims).map(Self)
    }
}

/// The answer that says who somebody is, if they have the claims that the query requires.
fn identity_headers(
    request: &HttpRequest,
    user_id: &UserId,
    session_id: Option<SessionId>,
    claims: impl FnOnce() -> Map<String, Value>,
) -> Result<HttpResponse, Problem> {
    let required = required_claims(request.query_string())?;
    let forwarded = data::<ForwardedHeaders>(request)?;
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(USER_ID, value(user_id.as_str())?);
    if let Some(session_id) = session_id {
        headers.insert(SESSION_ID, value(&session_id.to_string())?);
    }
    // Most calls need no custom claims.
    if required.is_empty() && forwarded.claims.is_empty() && forwarded.token_ttl.is_none() {
        return Ok(response);
    }
    let custom = claims();
    for (name, value) in &required {
        if !custom.get(name).is_some_and(|claim| has(claim, value)) {
            let detail = format!("The access token does not have {name}:{value}.");
            return Err(Problem::from(Code::ClaimRequired).with_detail(detail));
        }
    }
    for header in &forwarded.claims {
        if let Some(value) = custom.get(&header.claim).and_then(header_value) {
            headers.insert(header.header.clone(), value);
        }
    }
    if let Some(ttl) = forwarded.token_ttl {
        let tokens = data::<AccessTokens>(request)?;
        let now = data::<Arc<dyn Clock>>(request)?.now();
        let token = tokens.forward(user_id, session_id, &custom, now, ttl)?;
        headers.insert(FORWARDED_TOKEN, value(&token)?);
    }
    Ok(response)
}

/// The claims that the parameters `require=name:value` name. Other parameters are those of the request that
/// a proxy asks about.
fn required_claims(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let parameters = form_urlencoded::parse(query.as_bytes());
    let required = parameters.filter(|(name, _)| name == "require");
    let claims = required.map(|(_, claim)| match claim.split_once(':') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Problem::from(Code::ClaimRequired)
            .with_detail("The parameter `require` must be of the form name:value.".to_owned())),
    });
    claims.collect()
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| Code::Internal.into())
}

/// Whether a claim has this value, or is a list that contains it.
fn has(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::Array(several) => several
            .iter()
            .any(|one| text(one).as_deref() == Some(wanted)),
        one => text(one).as_deref() == Some(wanted),
    }
}

/// A claim as a header value; the elements of a list are separated by commas. `None` if a header cannot
/// represent it.
fn header_value(claim: &Value) -> Option<HeaderValue> {
    let value = match claim {
        Value::Array(several) => {
            let texts: Option<Vec<_>> = several.iter().map(text).collect();
            let texts = texts?;
            // An element with a comma could pass as two.
            if texts.iter().any(|text| text.contains(',')) {
                return None;
            }
            texts.join(",")
        }
        one => text(one)?,
    };
    // Proxies and the services behind them disagree about all other characters.
    let is_plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    HeaderValue::from_str(&value).ok().filter(|_| is_plain)
}

fn text(claim: &Value) -> Option<String> {
    match claim {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(claim.to_string()),
        _ => None,
    }
}

const USER_ID: HeaderName = HeaderName::from_static("x-user-id");
const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");
const FORWARDED_TOKEN: HeaderName = HeaderName::from_static("x-forwarded-token");

impl FromRequest for Verified {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl Responder for Verified {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl paperclip::v2::schema::Apiv2Schema for Verified {}

impl OperationModifier for Verified {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        operation.parameters.push(Either::Right(Parameter {
            name: "require".to_owned(),
            in_: ParameterIn::Query,
            description: Some("A claim that the token must have, as `name:value`".to_owned()),
            data_type: Some(DataType::Array),
            items: Some(Items {
                data_type: Some(DataType::String),
                ..Items::default()
            }),
            collection_format: Some(CollectionFormat::Multi),
            ..Parameter::default()
        }));
    }

    fn update_security(operation: &mut DefaultOperationRaw) {
        Bearer::update_security(operation);
    }

    fn update_response(operation: &mut DefaultOperationRaw) {
        let ok = Response {
            description: Some("The token is valid.".to_owned()),
            ..DefaultResponseRaw::default()
        };
        operation.responses = BTreeMap::from([("200".to_owned(), Either::Right(ok))]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_has_the_value_or_is_a_list_with_it() {
        assert!(has(&json!("admin"), "admin"));
        assert!(has(&json!(["editor", "admin"]), "admin"));
        assert!(has(&json!(7), "7") && has(&json!(true), "true"));
        assert!(!has(&json!("administrator"), "admin"));
        assert!(!has(&json!(["administrator"]), "admin"));
        assert!(!has(&json!({ "admin": true }), "admin"));
        assert!(!has(&json!(null), "null") && !has(&json!([["admin"]]), "admin"));
    }

    #[test]
    fn a_claim_that_a_header_cannot_represent_is_left_out() {
        let header =
            |claim: Value| header_value(&claim).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header(json!("editor")).as_deref(), Some("editor"));
        assert_eq!(header(json!(["a", "b", 7])).as_deref(), Some("a,b,7"));
        for claim in [
            json!("a\r\nX-User-Id: 7"),
            json!("ж"),
            json!(["a,b"]),
            json!({}),
            json!([{}]),
        ] {
            assert_eq!(header(claim.clone()), None, "{claim}");
        }
    }
}

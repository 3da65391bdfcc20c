use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use identity::clock::Clock;
use identity::tokens::{AccessTokens, custom_claims_of};
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, Either, Response};
use serde_json::{Map, Value};

use crate::extract::access_token::{RequiredClaims, TokenHolder};
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::problem::{Code, Problem};
use crate::settings::ClaimHeader;

/// The holder of a valid access token, in headers that a proxy passes on.
pub(crate) struct Verified {
    holder: TokenHolder,
    headers: Vec<(HeaderName, HeaderValue)>,
}

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
pub(crate) async fn verify(
    holder: TokenHolder,
    required: RequiredClaims,
    forwarded_headers: Data<ForwardedHeaders>,
    tokens: Data<AccessTokens>,
    clock: Data<Arc<dyn Clock>>,
) -> Result<Verified, Problem> {
    // Most calls need no custom claims.
    let needs_none = forwarded_headers.claims.is_empty() && required.0.is_empty();
    let custom = match needs_none && forwarded_headers.token_ttl.is_none() {
        true => Map::new(),
        false => custom_claims_of(&holder.token),
    };
    for (name, value) in &required.0 {
        if !custom.get(name).is_some_and(|claim| has(claim, value)) {
            return Err(Problem::from(Code::ClaimRequired)
                .with_detail(format!("The access token does not have {name}:{value}.")));
        }
    }
    let claims = forwarded_headers.claims.iter().filter_map(|header| {
        let value = header_value(custom.get(&header.claim)?)?;
        Some((header.header.clone(), value))
    });
    let mut headers: Vec<_> = claims.collect();
    if let Some(ttl) = forwarded_headers.token_ttl {
        let (user_id, session_id) = (&holder.user_id, holder.session_id);
        let token = tokens.forward(user_id, session_id, &custom, clock.now(), ttl)?;
        headers.extend(HeaderValue::from_str(&token).map(|token| (FORWARDED_TOKEN, token)));
    }
    Ok(Verified { holder, headers })
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

impl Responder for Verified {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((USER_ID, self.holder.user_id.as_str()));
        if let Some(session_id) = self.holder.session_id {
            response.insert_header((SESSION_ID, session_id.to_string()));
        }
        for header in self.headers {
            response.insert_header(header);
        }
        response.finish()
    }
}

impl paperclip::v2::schema::Apiv2Schema for Verified {}

impl OperationModifier for Verified {
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

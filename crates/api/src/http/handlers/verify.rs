use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::{OperationModifier, api_v2_operation};
use paperclip::v2::models::{DefaultOperationRaw, DefaultResponseRaw, Either, Response};
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::clock::Clock;
use crate::http::extract::access_token::{TokenHolder, WantedClaims};
use crate::http::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS};
use crate::http::problem::{Code, Problem};
use crate::settings::ClaimHeader;
use crate::tokens::{AccessTokens, own_claims_of};

/// Whose a good access token is, in headers: a proxy passes them on.
pub(crate) struct Verified {
    holder: TokenHolder,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What a proxy is told beside user and session.
#[derive(Clone, Debug)]
pub(crate) struct PassedOn {
    /// The claims that become headers.
    pub(crate) claims: Vec<ClaimHeader>,
    /// How long an identity token is good; `None` if there is none.
    pub(crate) identity: Option<Duration>,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[Code::ClaimRequired],
];

/// Verify an access token
///
/// For proxies (forward authentication): whose token it is comes in the headers `X-User-Id` and
/// `X-Session-Id`, and claims of the user's own that the operator has named in `X-Claim-…`; if the
/// operator wants it, all of it comes signed in `X-Identity-Token`, a JWT of the type `identity+jwt`
/// that is no access token. Of a token of the older service there is no session. The query asks for such claims, as in `?role=admin`: each must be in the token, or in a list there. Looks
/// nothing up, and works while the database is away.
#[api_v2_operation(operation_id = "verify", tags(Sessions))]
pub(crate) async fn verify(
    holder: TokenHolder,
    wanted: WantedClaims,
    passed_on: Data<PassedOn>,
    tokens: Data<AccessTokens>,
    clock: Data<Arc<dyn Clock>>,
) -> Result<Verified, Problem> {
    // Most proxies ask for none.
    let asks_for_none = passed_on.claims.is_empty() && wanted.0.is_empty();
    let own = match asks_for_none && passed_on.identity.is_none() {
        true => Map::new(),
        false => own_claims_of(&holder.token),
    };
    for (name, value) in form_urlencoded::parse(wanted.0.as_bytes()) {
        if !own.get(&*name).is_some_and(|claim| has(claim, &value)) {
            return Err(Problem::from(Code::ClaimRequired)
                .with_detail(format!("The access token does not have {name}={value}.")));
        }
    }
    let claims = passed_on.claims.iter().filter_map(|wanted| {
        let value = header_value(own.get(&wanted.claim)?)?;
        Some((wanted.header.clone(), value))
    });
    let mut headers: Vec<_> = claims.collect();
    if let Some(ttl) = passed_on.identity {
        let (user_id, session_id) = (&holder.user_id, holder.session_id);
        let token = tokens.identify(user_id, session_id, &own, clock.now(), ttl)?;
        headers.extend(HeaderValue::from_str(&token).map(|token| (IDENTITY_TOKEN, token)));
    }
    Ok(Verified { holder, headers })
}

/// Whether a claim is this, or a list with this in it.
fn has(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::Array(several) => several
            .iter()
            .any(|one| text(one).as_deref() == Some(wanted)),
        one => text(one).as_deref() == Some(wanted),
    }
}

/// What a claim is in a header; a list with commas. One that cannot be told there is left out.
fn header_value(claim: &Value) -> Option<HeaderValue> {
    let value = match claim {
        Value::Array(several) => {
            let texts: Option<Vec<_>> = several.iter().map(text).collect();
            let texts = texts?;
            // What has a comma in it could pass for two.
            if texts.iter().any(|text| text.contains(',')) {
                return None;
            }
            texts.join(",")
        }
        one => text(one)?,
    };
    // Proxies and what is behind them disagree on all other characters.
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
const IDENTITY_TOKEN: HeaderName = HeaderName::from_static("x-identity-token");

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
            description: Some("The token is good.".to_owned()),
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
    fn a_claim_is_what_is_asked_for_or_a_list_with_it() {
        assert!(has(&json!("admin"), "admin"));
        assert!(has(&json!(["editor", "admin"]), "admin"));
        assert!(has(&json!(7), "7") && has(&json!(true), "true"));
        assert!(!has(&json!("administrator"), "admin"));
        assert!(!has(&json!(["administrator"]), "admin"));
        assert!(!has(&json!({ "admin": true }), "admin"));
        assert!(!has(&json!(null), "null") && !has(&json!([["admin"]]), "admin"));
    }

    #[test]
    fn what_a_header_cannot_hold_is_left_out() {
        let told =
            |claim: Value| header_value(&claim).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(told(json!("editor")).as_deref(), Some("editor"));
        assert_eq!(told(json!(["a", "b", 7])).as_deref(), Some("a,b,7"));
        for claim in [
            json!("a\r\nX-User-Id: 7"),
            json!("ж"),
            json!(["a,b"]),
            json!({}),
            json!([{}]),
        ] {
            assert_eq!(told(claim.clone()), None, "{claim}");
        }
    }
}

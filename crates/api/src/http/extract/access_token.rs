use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::{Apiv2Security, OperationModifier};
use store::sessions::Dead;

use super::{bearer, data};
use crate::clock::Clock;
use crate::http::outcomes::{session_problem, token_code};
use crate::http::problem::{Code, Problem};
use crate::revocations::Revocations;
use crate::tokens::{AccessClaims, AccessTokens};

/// The bearer of a good access token, whose session was not ended.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "accessToken", in = "header", name = "Authorization")]
pub(crate) struct SignedIn(pub(crate) AccessClaims);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request))
    }
}

fn signed_in(request: &HttpRequest) -> Result<SignedIn, Problem> {
    let tokens = data::<AccessTokens>(request)?;
    let clock = data::<Arc<dyn Clock>>(request)?;
    let revocations = data::<Revocations>(request)?;
    let token = bearer(request).ok_or(Code::TokenMissing)?;
    let claims = tokens
        .verify(token, clock.now())
        .map_err(|error| Problem::from(token_code(&error)).with_challenge(INVALID_TOKEN))?;
    match revocations.reason(claims.session_id) {
        Some(reason) => Err(session_problem(Dead::Revoked(reason)).with_challenge(INVALID_TOKEN)),
        None => Ok(SignedIn(claims)),
    }
}

/// The same, with the token, for who wants to know more of it.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "accessToken", in = "header", name = "Authorization")]
pub(crate) struct SignedInBy {
    pub(crate) claims: AccessClaims,
    pub(crate) token: String,
}

impl FromRequest for SignedInBy {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(signed_in(request).map(|signed_in| Self {
            claims: signed_in.0,
            token: bearer(request).unwrap_or_default().to_owned(),
        }))
    }
}

/// The claims that a call asks for, as its query has them.
pub(crate) struct WantedClaims(pub(crate) String);

impl paperclip::v2::schema::Apiv2Schema for WantedClaims {}

impl OperationModifier for WantedClaims {}

impl FromRequest for WantedClaims {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.query_string().to_owned())))
    }
}

/// The challenge to whoever presented an access token that is not good (RFC 6750 §3.1).
pub(crate) const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

/// An access token that may be anything, for signing out.
pub(crate) struct AnyAccessToken(pub(crate) Option<String>);

impl paperclip::v2::schema::Apiv2Schema for AnyAccessToken {}

impl OperationModifier for AnyAccessToken {
    fn update_security(operation: &mut paperclip::v2::models::DefaultOperationRaw) {
        SignedIn::update_security(operation);
    }
}

impl FromRequest for AnyAccessToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(bearer(request).map(str::to_owned))))
    }
}

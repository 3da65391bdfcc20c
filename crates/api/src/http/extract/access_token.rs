use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::{Apiv2Security, OperationModifier};
use store::sessions::{Dead, SessionId};
use store::users::UserId;

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

/// Whose a good access token is: one of ours, whose session was not ended, or one of the service that
/// was here before, which has no session.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "accessToken", in = "header", name = "Authorization")]
pub(crate) struct TokenHolder {
    pub(crate) user_id: UserId,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) token: String,
}

impl FromRequest for TokenHolder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(token_holder(request))
    }
}

fn token_holder(request: &HttpRequest) -> Result<TokenHolder, Problem> {
    let token = bearer(request).unwrap_or_default().to_owned();
    match signed_in(request) {
        Ok(SignedIn(claims)) => Ok(TokenHolder {
            user_id: claims.user_id,
            session_id: Some(claims.session_id),
            token,
        }),
        Err(problem) => {
            let tokens = data::<AccessTokens>(request)?;
            let clock = data::<Arc<dyn Clock>>(request)?;
            let older = tokens.verify_older(&token, clock.now()).ok_or(problem)?;
            Ok(TokenHolder {
                user_id: older.user_id,
                session_id: None,
                token,
            })
        }
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

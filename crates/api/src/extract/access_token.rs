use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use identity::clock::Clock;
use identity::sessions::{ClaimChanges, Denylist};
use identity::tokens::{AccessClaims, AccessTokens};
use paperclip::actix::{Apiv2Security, OperationModifier};
use store::sessions::{NotLive, SessionId};
use store::users::UserId;

use super::{bearer, data};
use crate::outcomes::{not_live, token_code};
use crate::problem::{Code, Problem};

/// The bearer of a valid access token whose session is not revoked.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "accessToken", in = "header", name = "Authorization")]
pub(crate) struct Bearer(pub(crate) AccessClaims);

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request, bearer(request)).map(Self))
    }
}

/// The bearer of an access token, for calls that can do without one.
pub(crate) struct OptionalBearer(Result<AccessClaims, Problem>);

impl OptionalBearer {
    /// The bearer, or what is wrong with the token.
    pub(crate) fn required(self) -> Result<AccessClaims, Problem> {
        self.0
    }
}

impl paperclip::v2::schema::Apiv2Schema for OptionalBearer {}

impl OperationModifier for OptionalBearer {
    fn update_security(operation: &mut paperclip::v2::models::DefaultOperationRaw) {
        Bearer::update_security(operation);
    }
}

impl FromRequest for OptionalBearer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(authenticate(request, bearer(request)))))
    }
}

fn authenticate(request: &HttpRequest, token: Option<&str>) -> Result<AccessClaims, Problem> {
    let tokens = data::<AccessTokens>(request)?;
    let clock = data::<Arc<dyn Clock>>(request)?;
    let denylist = data::<Denylist>(request)?;
    let token = token.ok_or(Code::TokenMissing)?;
    let claims = tokens
        .verify(token, clock.now())
        .map_err(|error| Problem::from(token_code(&error)).with_challenge(INVALID_TOKEN))?;
    if let Some(reason) = denylist.reason(claims.session_id) {
        return Err(not_live(NotLive::Revoked(reason)).with_challenge(INVALID_TOKEN));
    }
    if data::<ClaimChanges>(request)?.outdate(&claims.user_id, token) {
        return Err(Problem::from(Code::TokenOutdated).with_challenge(INVALID_TOKEN));
    }
    Ok(claims)
}

/// The holder of a valid access token: one of this service whose session is not revoked, or a legacy
/// token, which has no session.
pub(crate) struct TokenHolder<'a> {
    pub(crate) user_id: UserId,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) token: &'a str,
}

/// Who holds the access token of a request.
pub(crate) fn token_holder(request: &HttpRequest) -> Result<TokenHolder<'_>, Problem> {
    let presented = bearer(request);
    let token = presented.unwrap_or_default();
    match authenticate(request, presented) {
        Ok(claims) => Ok(TokenHolder {
            user_id: claims.user_id,
            session_id: Some(claims.session_id),
            token,
        }),
        Err(problem) => {
            let tokens = data::<AccessTokens>(request)?;
            let clock = data::<Arc<dyn Clock>>(request)?;
            let legacy = tokens.verify_legacy(token, clock.now()).ok_or(problem)?;
            Ok(TokenHolder {
                user_id: legacy.user_id,
                session_id: None,
                token,
            })
        }
    }
}

/// The challenge to the bearer of an invalid token (RFC 6750 §3.1).
pub(crate) const INVALID_TOKEN: &str = r#"Bearer error="invalid_token""#;

/// An access token in any state, for signing out.
pub(crate) struct AnyAccessToken(pub(crate) Option<String>);

impl paperclip::v2::schema::Apiv2Schema for AnyAccessToken {}

impl OperationModifier for AnyAccessToken {
    fn update_security(operation: &mut paperclip::v2::models::DefaultOperationRaw) {
        Bearer::update_security(operation);
    }
}

impl FromRequest for AnyAccessToken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(bearer(request).map(str::to_owned))))
    }
}

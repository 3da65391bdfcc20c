//! What the bearer of a service key may do.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use paperclip::actix::Apiv2Security;
use store::service_keys::{Scope, ServiceKey};

use super::access_token::INVALID_TOKEN;
use super::{bearer, data};
use crate::http::problem::{Code, Problem};
use crate::service_keys::{Authorization, PlainServiceKey, ServiceKeys};

/// Whether a service key with this scope was presented. One that was presented must be good.
pub(super) async fn authorized(request: &HttpRequest, scope: Scope) -> Result<bool, Problem> {
    Ok(holder(request, scope).await?.is_some())
}

/// The service key with this scope that was presented.
async fn holder(request: &HttpRequest, scope: Scope) -> Result<Option<ServiceKey>, Problem> {
    let Some(key) = bearer(request).and_then(PlainServiceKey::parse) else {
        return Ok(None);
    };
    match data::<ServiceKeys>(request)?.authorize(&key, scope).await? {
        Authorization::Granted(key) => Ok(Some(key)),
        Authorization::Invalid => Err(invalid()),
        Authorization::InsufficientScope => Err(Problem::from(Code::InsufficientScope)
            .with_detail(format!("It needs the scope {scope}."))
            .with_challenge(format!(
                r#"Bearer error="insufficient_scope", scope="{scope}""#
            ))),
    }
}

/// The service key with this scope, where there must be one.
async fn required(request: HttpRequest, scope: Scope) -> Result<ServiceKey, Problem> {
    let key = holder(&request, scope).await?;
    key.ok_or_else(|| missing(&request))
}

/// Why a call that needs a service key is refused without one.
pub(super) fn missing(request: &HttpRequest) -> Problem {
    match bearer(request) {
        Some(_) => invalid(),
        None => Code::ServiceKeyMissing.into(),
    }
}

fn invalid() -> Problem {
    Problem::from(Code::ServiceKeyInvalid).with_challenge(INVALID_TOKEN)
}

/// Proof that the caller may ask about tokens: a service key with the scope `tokens:introspect`.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) struct TokenIntrospector;

impl FromRequest for TokenIntrospector {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = required(request.clone(), Scope::TokensIntrospect);
        Box::pin(async move { key.await.map(|_| Self) })
    }
}

/// Who revokes a token: the bearer of a service key with the scope `tokens:revoke`, or else the
/// holder of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) enum TokenRevoker {
    /// A service key.
    ServiceKey,
    /// Nothing but the token itself.
    Holder,
}

impl FromRequest for TokenRevoker {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let by_service_key = authorized(&request, Scope::TokensRevoke).await?;
            Ok(match by_service_key {
                true => Self::ServiceKey,
                false => Self::Holder,
            })
        })
    }
}

/// Proof that the caller may read users: a service key with the scope `users:read` or `users:write`.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) struct UserReader;

impl FromRequest for UserReader {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = required(request.clone(), Scope::UsersRead);
        Box::pin(async move { key.await.map(|_| Self) })
    }
}

/// Proof that the caller may change users: a service key with the scope `users:write`.
#[derive(Apiv2Security)]
#[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
pub(crate) struct UserWriter {
    name: String,
}

impl UserWriter {
    /// Who did it, for the audit trail.
    pub(crate) fn told(&self) -> String {
        format!("service key {}", self.name)
    }
}

impl FromRequest for UserWriter {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let key = required(request.clone(), Scope::UsersWrite);
        Box::pin(async move { key.await.map(|key| Self { name: key.name }) })
    }
}

//! What the bearer of a service key may do.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use identity::service_keys::{Authorization, ServiceKeys};
use paperclip::actix::Apiv2Security;
use store::Actor;
use store::service_keys::Scope;

use super::access_token::INVALID_TOKEN;
use super::client_credentials::ClientCredentials;
use super::{bearer, data, limit};
use crate::problem::{Code, Problem};

/// The back end whose service key with this scope was presented; `None` if there is none. A key that
/// is presented must be valid.
pub(super) async fn presented(
    request: &HttpRequest,
    scope: Scope,
) -> Result<Option<Actor>, Problem> {
    match ClientCredentials::of_header(request) {
        Some(credentials) => authorize(request, &credentials, scope).await.map(Some),
        None => Ok(None),
    }
}

/// The back end that has this service key, if the key has the scope.
pub(super) async fn authorize(
    request: &HttpRequest,
    credentials: &ClientCredentials,
    scope: Scope,
) -> Result<Actor, Problem> {
    let service_keys = data::<ServiceKeys>(request)?;
    if !service_keys.is_known(&credentials.secret) {
        limit::count_service_key(request)?;
    }
    match service_keys.authorize(&credentials.secret, scope).await? {
        Authorization::Granted(key) if credentials.are_of(&key.name) => {
            Ok(Actor::ServiceKey(key.name))
        }
        Authorization::Granted(_) | Authorization::Invalid => Err(invalid()),
        Authorization::InsufficientScope => Err(Problem::from(Code::InsufficientScope)
            .with_detail(format!("This call requires the scope {scope}."))
            .with_challenge(format!(
                r#"Bearer error="insufficient_scope", scope="{scope}""#
            ))),
    }
}

/// The back end, where a service key is required.
async fn required(request: HttpRequest, scope: Scope) -> Result<Actor, Problem> {
    let actor = presented(&request, scope).await?;
    actor.ok_or_else(|| missing(&request))
}

/// Why a call that requires a service key is refused without one.
pub(super) fn missing(request: &HttpRequest) -> Problem {
    match bearer(request) {
        Some(_) => invalid(),
        None => Code::ServiceKeyMissing.into(),
    }
}

pub(super) fn invalid() -> Problem {
    Problem::from(Code::ServiceKeyInvalid).with_challenge(INVALID_TOKEN)
}

/// Defines an extractor that requires a service key with a scope, and may keep the actor.
macro_rules! requires {
    ($doc:literal $scope:ident $name:ident $(($actor:ty))? = $extracted:expr) => {
        #[doc = $doc]
        #[derive(Apiv2Security)]
        #[openapi(apiKey, alias = "serviceKey", in = "header", name = "Authorization")]
        pub(crate) struct $name $((pub(crate) $actor))?;

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let actor = required(request.clone(), Scope::$scope);
                Box::pin(async move { actor.await.map($extracted) })
            }
        }
    };
}

requires!("A back end with the scope `users:read` or `users:write`." UsersRead
    UserReader = |_| UserReader);
requires!("A back end with the scope `users:write`, and who it is." UsersWrite
    UserWriter(Actor) = UserWriter);

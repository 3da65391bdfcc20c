//! Forwarded tokens: a proxy passes them on to the service behind it.

use std::time::Duration;

use jwt_core::{Claims, RegisteredClaims};
use serde::Serialize;
use serde_json::{Map, Value};
use store::UnixMillis;
use store::sessions::SessionId;
use store::users::UserId;

use super::access::AccessTokens;
use super::prepared::current;
use crate::clock::numeric_date;
use crate::failure::Failure;

#[derive(Serialize)]
struct ForwardedClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(flatten)]
    custom: &'a Map<String, Value>,
}

impl AccessTokens {
    /// A forwarded token that names the user of a request, their session and their custom claims. It
    /// is valid for `ttl`, and this service accepts it nowhere.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn forward(
        &self,
        user_id: &UserId,
        session_id: Option<SessionId>,
        custom: &Map<String, Value>,
        now: UnixMillis,
        ttl: Duration,
    ) -> Result<String, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.rules.issuer.clone()),
                sub: Some(user_id.to_string()),
                aud: Some(self.rules.audience.claim()),
                iat: Some(numeric_date(now)),
                exp: Some(numeric_date(now + ttl)),
                ..RegisteredClaims::default()
            },
            own: ForwardedClaims {
                sid: session_id.map(|id| id.to_string()),
                custom,
            },
        };
        let token = current(&self.keys).forwarded_signer.sign(&claims);
        token.map_err(|error| Failure::Internal(error.to_string()))
    }
}

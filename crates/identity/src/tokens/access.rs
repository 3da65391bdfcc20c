//! Access tokens (RFC 9068).

use std::collections::HashSet;
use std::fmt;
use std::slice;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use jwt_core::{Audience, Claims, Error, NumericDate, RegisteredClaims, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::UnixMillis;
use store::sessions::{Session, SessionId};
use store::users::UserId;

use super::prepared::{AccessKeys, current, replace};
use super::seen::Verified;
use crate::base64url;
use crate::clock::{LEEWAY, numeric_date};
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::keys::{LegacyClaims, LegacyKey, Ring};

/// An access token for its user. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    text: String,
    expires_in: u64,
}

impl AccessToken {
    /// The JWT.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Seconds until it expires.
    pub fn expires_in(&self) -> u64 {
        self.expires_in
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// The claims of a verified access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// The user (`sub`).
    pub user_id: UserId,
    /// The session (`sid`).
    pub session_id: SessionId,
}

/// Issues and verifies access tokens (RFC 9068).
#[derive(Debug)]
pub struct AccessTokens {
    pub(super) keys: RwLock<Arc<AccessKeys>>,
    legacy: RwLock<Arc<Vec<LegacyKey>>>,
    /// Users whose legacy tokens are refused.
    locked_out: RwLock<Arc<HashSet<UserId>>>,
    pub(super) rules: AccessRules,
}

/// What all access tokens have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules {
    /// `iss`.
    pub issuer: String,
    /// `aud`: for whom the tokens are.
    pub audience: Audiences,
    /// `client_id` of sessions that no service key opened.
    pub client_id: String,
    /// How long a token is valid.
    pub ttl: Duration,
}

/// The names in the `aud` claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audiences {
    /// The name by which this service verifies tokens.
    pub own: String,
    /// Names for others.
    pub others: Vec<String>,
}

impl Audiences {
    pub(super) fn claim(&self) -> Audience {
        match self.others.as_slice() {
            [] => Audience::One(self.own.clone()),
            others => Audience::Many([slice::from_ref(&self.own), others].concat()),
        }
    }
}

impl AccessTokens {
    /// Tokens of a key ring.
    pub fn new(ring: Ring, rules: AccessRules) -> Self {
        Self {
            keys: RwLock::new(Arc::new(AccessKeys::new(ring, &rules))),
            legacy: RwLock::default(),
            locked_out: RwLock::default(),
            rules,
        }
    }

    /// Replaces the key ring, unless it has the same keys.
    pub fn use_ring(&self, ring: Ring) {
        if current(&self.keys).are_of(&ring) {
            return;
        }
        replace(&self.keys, AccessKeys::new(ring, &self.rules));
    }

    /// Replaces the keys that verify legacy tokens.
    pub fn use_legacy_keys(&self, keys: Vec<LegacyKey>) {
        replace(&self.legacy, keys);
    }

    /// The `client_id` of a session: the service key that opened it, or else the one of all.
    pub fn client_id<'a>(&'a self, session: &'a Session) -> &'a str {
        session
            .client_id
            .as_deref()
            .unwrap_or(&self.rules.client_id)
    }

    /// The algorithms of the public keys.
    pub fn algorithms(&self) -> Vec<&'static str> {
        current(&self.keys).algorithms.clone()
    }

    /// The public keys as a JWK set (RFC 7517).
    pub fn jwk_set(&self) -> String {
        current(&self.keys).jwk_set.clone()
    }

    /// Issues a token for a session; it does not outlive the session.
    ///
    /// # Errors
    ///
    /// [`Failure::Internal`] if the stored custom claims are not a JSON object.
    pub fn issue(
        &self,
        session: &Session,
        now: UnixMillis,
        entropy: &dyn Entropy,
    ) -> Result<AccessToken, Failure> {
        let iat = numeric_date(now);
        let exp = numeric_date(now + self.rules.ttl).min(numeric_date(session.idle_expires_at));
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.rules.issuer.clone()),
                sub: Some(session.user_id.to_string()),
                aud: Some(self.rules.audience.claim()),
                exp: Some(exp),
                nbf: None,
                iat: Some(iat),
                jti: Some(base64url::encode(&entropy.bytes::<16>())),
            },
            own: IssuedClaims {
                sid: session.id.to_string(),
                client_id: self.client_id(session),
                auth_time: numeric_date(session.auth_time),
                amr: &session.amr,
                custom: custom_claims(&session.claims)?,
            },
        };
        let text = current(&self.keys)
            .signer
            .sign(&claims)
            .map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(AccessToken {
            text,
            expires_in: exp.as_secs().saturating_sub(iat.as_secs()),
        })
    }

    /// Verifies a token. One that was issued when tokens were valid for longer expires as early as
    /// all others.
    ///
    /// # Errors
    ///
    /// The check that failed.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Result<AccessClaims, Error> {
        let keys = current(&self.keys);
        let verified = match keys.seen.find(token, numeric_date(now)) {
            Some(verified) => verified,
            None => {
                let verified = access_claims(&keys.verifier, token, now)?;
                keys.seen.add(token, &verified);
                verified
            }
        };
        let leeway = Duration::from_secs(LEEWAY.into());
        match verified.issued_at <= numeric_date(now - self.rules.ttl - leeway) {
            true => Err(Error::Expired),
            false => Ok(verified.claims),
        }
    }

    /// Verifies a token, and returns all its claims.
    pub fn all_claims(
        &self,
        token: &str,
        now: UnixMillis,
    ) -> Option<(Map<String, Value>, AccessClaims)> {
        let verified = self.verify(token, now).ok()?;
        let mut claims = payload(token)?;
        claims.insert("token_type".to_owned(), "Bearer".into());
        Some((claims, verified))
    }

    /// Whether there are keys for legacy tokens.
    pub fn accept_legacy(&self) -> bool {
        !current(&self.legacy).is_empty()
    }

    /// Replaces the users whose legacy tokens are refused.
    pub fn lock_out(&self, users: HashSet<UserId>) {
        replace(&self.locked_out, users);
    }

    /// Verifies a legacy token.
    pub fn verify_legacy(&self, token: &str, now: UnixMillis) -> Option<LegacyClaims> {
        let keys = current(&self.legacy);
        let claims = keys.iter().find_map(|key| key.verify(token, now))?;
        (!current(&self.locked_out).contains(&claims.user_id)).then_some(claims)
    }

    /// Verifies a legacy token, and returns all its claims with the user's id in `sub`, as RFC 7662
    /// requires.
    pub fn all_legacy_claims(&self, token: &str, now: UnixMillis) -> Option<Map<String, Value>> {
        let mut claims = self.verify_legacy(token, now)?;
        let user_id = claims.user_id.to_string();
        claims.all.insert("sub".to_owned(), user_id.into());
        claims.all.insert("token_type".to_owned(), "Bearer".into());
        Some(claims.all)
    }

    /// The session of a token that is or was valid, in order to revoke it.
    pub fn session_to_revoke(&self, token: &str, now: UnixMillis) -> Option<SessionId> {
        let verifier = &current(&self.keys).verifier_of_expired;
        let verified = access_claims(verifier, token, now).ok()?;
        Some(verified.claims.session_id)
    }
}

/// The custom claims of a verified token.
pub fn custom_claims_of(token: &str) -> Map<String, Value> {
    let mut claims = payload(token).unwrap_or_default();
    claims.retain(|name, _| !is_reserved_claim(name));
    claims
}

fn payload(token: &str) -> Option<Map<String, Value>> {
    let payload = base64url::decode(token.split('.').nth(1)?)?;
    serde_json::from_slice(&payload).ok()
}

/// The names of the claims in [`IssuedClaims`].
const SESSION_CLAIMS: [&str; 4] = ["sid", "client_id", "auth_time", "amr"];

/// Whether the service sets the claim of this name, so that it cannot be a custom claim.
pub fn is_reserved_claim(name: &str) -> bool {
    jwt_core::REGISTERED_NAMES.contains(&name) || SESSION_CLAIMS.contains(&name)
}

/// What an access token says besides the registered claims.
#[derive(Serialize)]
struct IssuedClaims<'a> {
    sid: String,
    client_id: &'a str,
    auth_time: NumericDate,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(flatten)]
    custom: Map<String, Value>,
}

#[derive(Deserialize)]
struct SessionClaim {
    sid: String,
}

fn access_claims(verifier: &Verifier, token: &str, now: UnixMillis) -> Result<Verified, Error> {
    let claims: Claims<SessionClaim> = verifier.verify(token, numeric_date(now))?;
    let sub = claims.registered.sub.ok_or(Error::MissingClaim("sub"))?;
    let issued_at = claims.registered.iat.ok_or(Error::MissingClaim("iat"))?;
    let expires_at = claims.registered.exp.ok_or(Error::MissingClaim("exp"))?;
    let claims = AccessClaims {
        user_id: UserId::parse(&sub).map_err(|_| jwt_core::Malformed::Claims)?,
        session_id: SessionId::parse(&claims.own.sid).ok_or(jwt_core::Malformed::Claims)?,
    };
    Ok(Verified {
        claims,
        issued_at,
        expires_at,
    })
}

/// Stored custom claims, without any that could pass as a claim of the service.
pub(crate) fn custom_claims(json: &str) -> Result<Map<String, Value>, Failure> {
    let mut custom: Map<String, Value> =
        serde_json::from_str(json).map_err(|error| Failure::Internal(error.to_string()))?;
    custom.retain(|name, _| !is_reserved_claim(name));
    Ok(custom)
}

#[cfg(test)]
mod tests;

//! Access tokens (RFC 9068).

use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use jwt_core::{Claims, Error, NumericDate, RegisteredClaims, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::UnixMillis;
use store::sessions::{Session, SessionId};
use store::users::UserId;

use super::prepared::{Prepared, current, replace};
use super::{LEEWAY, OlderClaims, OlderKey, is_reserved_claim};
use crate::base64url;
use crate::clock::numeric_date;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::keys::Ring;

/// An access token, for the one it was made for. `Debug` does not show it.
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

/// What an access token that was verified says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// Whose it is.
    pub user_id: UserId,
    /// Which session it belongs to.
    pub session_id: SessionId,
}

/// Makes and verifies access tokens (RFC 9068).
#[derive(Debug)]
pub struct AccessTokens {
    keys: RwLock<Arc<Prepared>>,
    older: RwLock<Arc<Vec<OlderKey>>>,
    issuer: String,
    audience: String,
    ttl: Duration,
}

impl AccessTokens {
    /// Those of a key ring, good for `ttl`.
    pub fn new(ring: Ring, issuer: &str, audience: &str, ttl: Duration) -> Self {
        Self {
            older: RwLock::default(),
            keys: RwLock::new(Arc::new(Prepared::for_access(ring, issuer, audience))),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            ttl,
        }
    }

    /// From now on those of this ring.
    pub fn use_ring(&self, ring: Ring) {
        let prepared = Prepared::for_access(ring, &self.issuer, &self.audience);
        replace(&self.keys, prepared);
    }

    /// From now on these are the keys of the service that was here before.
    pub fn use_older(&self, keys: Vec<OlderKey>) {
        replace(&self.older, keys);
    }

    /// What a token of the service that was here before says, if it is good now.
    pub fn verify_older(&self, token: &str, now: UnixMillis) -> Option<OlderClaims> {
        let keys = current(&self.older);
        keys.iter().find_map(|key| key.verify(token, now))
    }

    /// All that such a token says, with the user's id where RFC 7662 has it.
    pub fn older_claims(&self, token: &str, now: UnixMillis) -> Option<Map<String, Value>> {
        let mut claims = self.verify_older(token, now)?;
        let user_id = claims.user_id.to_string();
        claims.all.insert("sub".to_owned(), user_id.into());
        claims.all.insert("token_type".to_owned(), "Bearer".into());
        Some(claims.all)
    }

    /// The public keys, as they are published (RFC 7517).
    pub fn jwks(&self) -> String {
        current(&self.keys).public_keys.clone()
    }

    /// A token for a session, which it does not outlive.
    ///
    /// # Errors
    ///
    /// [`Failure::Internal`] when the user's own claims are not what was stored.
    pub fn issue(
        &self,
        session: &Session,
        now: UnixMillis,
        entropy: &dyn Entropy,
    ) -> Result<AccessToken, Failure> {
        let iat = numeric_date(now);
        let exp = numeric_date(now + self.ttl).min(numeric_date(session.idle_expires_at));
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.issuer.clone()),
                sub: Some(session.user_id.to_string()),
                aud: Some(self.audience.as_str().into()),
                exp: Some(exp),
                nbf: None,
                iat: Some(iat),
                jti: Some(base64url::encode(&entropy.bytes::<16>())),
            },
            own: IssuedClaims {
                sid: session.id.to_string(),
                auth_time: numeric_date(session.auth_time),
                amr: &session.amr,
                own: own_claims(&session.claims)?,
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

    /// What a token says that is good now. One that was issued when tokens were good for longer
    /// is as short-lived as all others.
    ///
    /// # Errors
    ///
    /// Which check it failed.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Result<AccessClaims, Error> {
        let (claims, issued_at) = access_claims(&current(&self.keys).verifier, token, now)?;
        let leeway = Duration::from_secs(LEEWAY.into());
        match issued_at <= numeric_date(now - self.ttl - leeway) {
            true => Err(Error::Expired),
            false => Ok(claims),
        }
    }

    /// All that a token says that is good now, and the session it belongs to.
    pub fn all_claims(
        &self,
        token: &str,
        now: UnixMillis,
    ) -> Option<(Map<String, Value>, SessionId)> {
        let session_id = self.verify(token, now).ok()?.session_id;
        let mut claims = payload(token)?;
        claims.insert("token_type".to_owned(), "Bearer".into());
        Some((claims, session_id))
    }

    /// A proof that a list of revoked sessions is ours: a JWT over its hash, good for `ttl`.
    ///
    /// # Errors
    ///
    /// None that can be provoked.
    pub fn prove_revoked_sessions(
        &self,
        sha256: &str,
        newest: UnixMillis,
        now: UnixMillis,
        ttl: Duration,
    ) -> Result<String, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.issuer.clone()),
                iat: Some(numeric_date(now)),
                exp: Some(numeric_date(now + ttl)),
                ..RegisteredClaims::default()
            },
            own: RevokedSessionsClaims {
                seq: newest.as_millis(),
                sha256,
            },
        };
        let proof = current(&self.keys).revoked_sessions.sign(&claims);
        proof.map_err(|error| Failure::Internal(error.to_string()))
    }

    /// A token for what is behind a proxy, which says for whom a request is made, good for `ttl`. Of
    /// another kind than access tokens, it opens nothing here.
    ///
    /// # Errors
    ///
    /// None that can be provoked.
    pub fn identify(
        &self,
        user_id: &UserId,
        session_id: Option<SessionId>,
        own: &Map<String, Value>,
        now: UnixMillis,
        ttl: Duration,
    ) -> Result<String, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.issuer.clone()),
                sub: Some(user_id.to_string()),
                aud: Some(self.audience.as_str().into()),
                iat: Some(numeric_date(now)),
                exp: Some(numeric_date(now + ttl)),
                ..RegisteredClaims::default()
            },
            own: IdentityClaims {
                sid: session_id.map(|id| id.to_string()),
                own,
            },
        };
        let token = current(&self.keys).identity.sign(&claims);
        token.map_err(|error| Failure::Internal(error.to_string()))
    }

    /// The session of a token that is or was good: for ending that session.
    pub fn session_to_end(&self, token: &str, now: UnixMillis) -> Option<SessionId> {
        let (claims, _) = access_claims(&current(&self.keys).expired_too, token, now).ok()?;
        Some(claims.session_id)
    }
}

/// The user's own claims in a token that was verified.
pub(crate) fn own_claims_of(token: &str) -> Map<String, Value> {
    let mut claims = payload(token).unwrap_or_default();
    claims.retain(|name, _| !is_reserved_claim(name));
    claims
}

fn payload(token: &str) -> Option<Map<String, Value>> {
    let payload = base64url::decode(token.split('.').nth(1)?)?;
    serde_json::from_slice(&payload).ok()
}

#[derive(Serialize)]
struct IssuedClaims<'a> {
    sid: String,
    auth_time: NumericDate,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(flatten)]
    own: Map<String, Value>,
}

#[derive(Serialize)]
struct IdentityClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(flatten)]
    own: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct RevokedSessionsClaims<'a> {
    seq: i64,
    sha256: &'a str,
}

#[derive(Deserialize)]
struct SessionClaim {
    sid: String,
}

fn access_claims(
    verifier: &Verifier,
    token: &str,
    now: UnixMillis,
) -> Result<(AccessClaims, NumericDate), Error> {
    let claims: Claims<SessionClaim> = verifier.verify(token, numeric_date(now))?;
    let sub = claims.registered.sub.ok_or(Error::MissingClaim("sub"))?;
    let iat = claims.registered.iat.ok_or(Error::MissingClaim("iat"))?;
    let claims = AccessClaims {
        user_id: UserId::parse(&sub).map_err(|_| jwt_core::Malformed::Claims)?,
        session_id: SessionId::parse(&claims.own.sid).ok_or(jwt_core::Malformed::Claims)?,
    };
    Ok((claims, iat))
}

/// The user's own claims, without any that would pass for one of ours.
fn own_claims(json: &str) -> Result<Map<String, Value>, Failure> {
    let mut own: Map<String, Value> =
        serde_json::from_str(json).map_err(|error| Failure::Internal(error.to_string()))?;
    own.retain(|name, _| !is_reserved_claim(name));
    Ok(own)
}

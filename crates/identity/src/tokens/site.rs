//! Tokens for sites on other hosts: a code that a browser carries there once, and the cookie that it gets for it.
//! Both name a session, which is looked up each time.

use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use jwt_core::{Claims, RegisteredClaims, Signer, Verifier};
use serde::{Deserialize, Serialize};
use store::UnixMillis;
use store::sessions::SessionId;

use super::prepared::{current, key_ring, replace};
use super::typ;
use crate::base64url;
use crate::clock::numeric_date;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::keys::Ring;

/// How long a browser may take from one host to the other.
const CODE_TTL: Duration = Duration::from_secs(60);

/// How long a site knows a browser without asking again.
pub const SITE_TTL: Duration = Duration::from_secs(3600);

/// A session, for one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSession {
    /// The session.
    #[serde(rename = "sid", with = "session_id")]
    pub session_id: SessionId,
    /// The origin of the site.
    pub site: String,
}

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteCodeClaims {
    /// The session, and the site it is for.
    pub session: SiteSession,
    /// The hash of the secret of the browser that asked at the site.
    pub state: String,
    /// Identifies the code, which is used once.
    pub id: String,
}

/// A code or cookie. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SiteToken(String);

impl SiteToken {
    /// The JWT.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SiteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SiteToken(…)")
    }
}

#[derive(Serialize, Deserialize)]
struct CodeClaims {
    #[serde(flatten)]
    session: SiteSession,
    state: String,
}

/// Issues and verifies these tokens, with the keys of refresh tokens.
#[derive(Debug)]
pub struct SiteTokens {
    keys: RwLock<Arc<Keys>>,
    issuer: String,
}

#[derive(Debug)]
struct Keys {
    code: (Signer, Verifier),
    cookie: (Signer, Verifier),
}

impl Keys {
    fn new(ring: Ring, issuer: &str) -> Self {
        let of = |typ| {
            let keys = key_ring(ring.verifying.clone());
            let verifier = Verifier::new(typ, issuer, None, keys);
            (Signer::new(typ, ring.signing.clone()), verifier)
        };
        Self {
            code: of(typ::SITE_CODE),
            cookie: of(typ::SITE),
        }
    }
}

impl SiteTokens {
    /// Tokens of a key ring.
    pub fn new(ring: Ring, issuer: &str) -> Self {
        Self {
            keys: RwLock::new(Arc::new(Keys::new(ring, issuer))),
            issuer: issuer.to_owned(),
        }
    }

    /// Replaces the key ring.
    pub fn use_ring(&self, ring: Ring) {
        replace(&self.keys, Keys::new(ring, &self.issuer));
    }

    /// A code for a site, bound to the browser of this state.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn code(
        &self,
        session: SiteSession,
        state: String,
        now: UnixMillis,
        entropy: &dyn Entropy,
    ) -> Result<SiteToken, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                jti: Some(base64url::encode(&entropy.bytes::<16>())),
                ..self.registered(now + CODE_TTL)
            },
            own: CodeClaims { session, state },
        };
        signed(current(&self.keys).code.0.sign(&claims))
    }

    /// What a code says, if it is valid. Whether it was used is up to the database.
    pub fn verify_code(&self, code: &str, now: UnixMillis) -> Option<SiteCodeClaims> {
        let keys = current(&self.keys);
        let claims: Claims<CodeClaims> = keys.code.1.verify(code, numeric_date(now)).ok()?;
        Some(SiteCodeClaims {
            session: claims.own.session,
            state: claims.own.state,
            id: claims.registered.jti?,
        })
    }

    /// The cookie of a site.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn cookie(&self, session: SiteSession, now: UnixMillis) -> Result<SiteToken, Failure> {
        let claims = Claims {
            registered: self.registered(now + SITE_TTL),
            own: session,
        };
        signed(current(&self.keys).cookie.0.sign(&claims))
    }

    /// What a cookie says, and whether at least half of its time is left, if it is valid.
    pub fn verify_cookie(&self, cookie: &str, now: UnixMillis) -> Option<(SiteSession, bool)> {
        let keys = current(&self.keys);
        let claims: Claims<SiteSession> = keys.cookie.1.verify(cookie, numeric_date(now)).ok()?;
        let half = numeric_date(now + SITE_TTL / 2);
        let is_young = claims.registered.exp.is_some_and(|exp| exp > half);
        Some((claims.own, is_young))
    }

    fn registered(&self, expires_at: UnixMillis) -> RegisteredClaims {
        RegisteredClaims {
            iss: Some(self.issuer.clone()),
            exp: Some(numeric_date(expires_at)),
            ..RegisteredClaims::default()
        }
    }
}

fn signed<E: fmt::Display>(token: Result<String, E>) -> Result<SiteToken, Failure> {
    token
        .map(SiteToken)
        .map_err(|error| Failure::Internal(error.to_string()))
}

/// Session ids as text.
mod session_id {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use store::sessions::SessionId;

    pub(super) fn serialize<S: Serializer>(id: &SessionId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SessionId, D::Error> {
        let text = String::deserialize(from)?;
        SessionId::parse(&text).ok_or_else(|| D::Error::custom("is no session id"))
    }
}

//! Refresh tokens.

use std::fmt;
use std::sync::{Arc, RwLock};

use jwt_core::{Claims, Error, RegisteredClaims, Verifier};
use serde::{Deserialize, Serialize};
use store::UnixMillis;
use store::sessions::{Generation, Session, SessionId};

use super::prepared::{Prepared, current, replace};
use crate::clock::numeric_date;
use crate::failure::Failure;
use crate::keys::Ring;

/// A refresh token, for a cookie and nothing else. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// The JWT.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

/// What a refresh token that was verified says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshClaims {
    /// Which session it renews.
    pub session_id: SessionId,
    /// Which of the session's tokens it is.
    pub generation: Generation,
}

/// Makes and verifies refresh tokens. One session and generation always give the same token, as long
/// as the same key signs.
#[derive(Debug)]
pub struct RefreshTokens {
    keys: RwLock<Arc<Prepared>>,
    issuer: String,
}

impl RefreshTokens {
    /// Those of a key ring.
    pub fn new(ring: Ring, issuer: &str) -> Self {
        Self {
            keys: RwLock::new(Arc::new(Prepared::for_refresh(ring, issuer))),
            issuer: issuer.to_owned(),
        }
    }

    /// From now on those of this ring.
    pub fn use_ring(&self, ring: Ring) {
        replace(&self.keys, Prepared::for_refresh(ring, &self.issuer));
    }

    /// The current token of a session.
    ///
    /// # Errors
    ///
    /// None that can be provoked.
    pub fn current(&self, session: &Session) -> Result<RefreshToken, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.issuer.clone()),
                exp: Some(numeric_date(session.expires_at)),
                ..RegisteredClaims::default()
            },
            own: WireRefreshClaims {
                sid: session.id.to_string(),
                generation: session.generation.get(),
            },
        };
        current(&self.keys)
            .signer
            .sign(&claims)
            .map(RefreshToken)
            .map_err(|error| Failure::Internal(error.to_string()))
    }

    /// What a token says whose session may still be live.
    ///
    /// # Errors
    ///
    /// Which check it failed.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Result<RefreshClaims, Error> {
        refresh_claims(&current(&self.keys).verifier, token, now)
    }

    /// The session of a token that is or was good: for ending that session.
    pub fn session_to_end(&self, token: &str, now: UnixMillis) -> Option<SessionId> {
        let claims = refresh_claims(&current(&self.keys).expired_too, token, now).ok()?;
        Some(claims.session_id)
    }
}

#[derive(Serialize, Deserialize)]
struct WireRefreshClaims {
    sid: String,
    #[serde(rename = "gen")]
    generation: u32,
}

fn refresh_claims(
    verifier: &Verifier,
    token: &str,
    now: UnixMillis,
) -> Result<RefreshClaims, Error> {
    let claims: Claims<WireRefreshClaims> = verifier.verify(token, numeric_date(now))?;
    Ok(RefreshClaims {
        session_id: SessionId::parse(&claims.own.sid).ok_or(jwt_core::Malformed::Claims)?,
        generation: Generation::new(claims.own.generation),
    })
}

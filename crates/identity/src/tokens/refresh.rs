//! Refresh tokens.

use std::fmt;
use std::sync::{Arc, RwLock};

use jwt_core::{Claims, Error, RegisteredClaims, Verifier};
use serde::{Deserialize, Serialize};
use store::UnixMillis;
use store::sessions::{Generation, Session, SessionId};

use super::prepared::{RefreshKeys, current, replace};
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

/// The claims of a verified refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshClaims {
    /// The session it renews (`sid`).
    pub session_id: SessionId,
    /// Which of the session's tokens it is (`gen`).
    pub generation: Generation,
}

/// Issues and verifies refresh tokens. One session and generation always give the same token, as long
/// as the same key signs.
#[derive(Debug)]
pub struct RefreshTokens {
    keys: RwLock<Arc<RefreshKeys>>,
    issuer: String,
}

impl RefreshTokens {
    /// Tokens of a key ring.
    pub fn new(ring: Ring, issuer: &str) -> Self {
        Self {
            keys: RwLock::new(Arc::new(RefreshKeys::new(ring, issuer))),
            issuer: issuer.to_owned(),
        }
    }

    /// Replaces the key ring.
    pub fn use_ring(&self, ring: Ring) {
        replace(&self.keys, RefreshKeys::new(ring, &self.issuer));
    }

    /// The current token of a session.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn current(&self, session: &Session) -> Result<RefreshToken, Failure> {
        let claims = Claims {
            registered: RegisteredClaims {
                iss: Some(self.issuer.clone()),
                exp: Some(numeric_date(session.expires_at)),
                ..RegisteredClaims::default()
            },
            own: WireClaims {
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

    /// Verifies a token. Whether its session is live is up to the database.
    ///
    /// # Errors
    ///
    /// The check that failed.
    pub fn verify(&self, token: &str, now: UnixMillis) -> Result<RefreshClaims, Error> {
        refresh_claims(&current(&self.keys).verifier, token, now)
    }

    /// The session of a token that is or was valid, in order to revoke it.
    pub fn session_to_revoke(&self, token: &str, now: UnixMillis) -> Option<SessionId> {
        let verifier = &current(&self.keys).verifier_of_expired;
        Some(refresh_claims(verifier, token, now).ok()?.session_id)
    }
}

#[derive(Serialize, Deserialize)]
struct WireClaims {
    sid: String,
    #[serde(rename = "gen")]
    generation: u32,
}

fn refresh_claims(
    verifier: &Verifier,
    token: &str,
    now: UnixMillis,
) -> Result<RefreshClaims, Error> {
    let claims: Claims<WireClaims> = verifier.verify(token, numeric_date(now))?;
    Ok(RefreshClaims {
        session_id: SessionId::parse(&claims.own.sid).ok_or(jwt_core::Malformed::Claims)?,
        generation: Generation::new(claims.own.generation).ok_or(jwt_core::Malformed::Claims)?,
    })
}

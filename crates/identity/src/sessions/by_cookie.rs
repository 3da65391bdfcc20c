//! Recognising a browser by its refresh cookie, without renewing anything.

use store::sessions::{Peek, Session, peek};

use super::Sessions;
use crate::failure::Failure;

/// The session of a browser, by a cookie of ours or of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSession {
    /// The session, which is live.
    pub session: Session,
    /// Whether the browser should get another cookie: half of the time has passed after which this one expires.
    pub needs_renewal: bool,
}

impl Sessions {
    /// The live session of a refresh token that is current, or was until less than a grace period ago. An
    /// outdated one counts for nothing: only a renewal decides what it means.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn by_cookie(&self, tokens: &[String]) -> Result<Option<BrowserSession>, Failure> {
        let presented = self.presented(tokens).await?.unwrap_or_default();
        for claims in presented {
            let found = self.lookups.find(claims.session_id).await?;
            let now = self.ports.clock.now();
            let rules = &self.rules.renewal;
            if let Peek::Valid(session) = peek(found, claims.generation, now, rules) {
                let age = now.since(session.renewed_at());
                return Ok(Some(BrowserSession {
                    needs_renewal: age > rules.idle_ttl / 2,
                    session,
                }));
            }
        }
        Ok(None)
    }
}

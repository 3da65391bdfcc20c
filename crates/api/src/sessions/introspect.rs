//! What a token is worth to somebody else, and ending its session on its account.

use serde_json::{Map, Value, json};
use store::sessions::{self as rows, Device, Peek, RevokedReason};

use super::Sessions;
use crate::clock::numeric_date;
use crate::failure::Failure;

/// Who has a token revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedBy {
    /// Whoever holds it.
    Holder,
    /// A trusted back end.
    BackEnd,
}

impl Sessions {
    /// What an active token says, access or refresh (RFC 7662 §2.2); `None` for any other, whatever
    /// is wrong with it. Changes nothing: a refresh token that was used before ends no session here.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn introspect(&self, token: &str) -> Result<Option<Map<String, Value>>, Failure> {
        let now = self.clock.now();
        if let Some((claims, session_id)) = self.tokens.access.all_claims(token, now) {
            let ended = self.revocations.reason(session_id).is_some();
            return Ok((!ended).then_some(claims));
        }
        if let Some(claims) = self.tokens.access.older_claims(token, now) {
            return Ok(Some(claims));
        }
        let Ok(claims) = self.tokens.refresh.verify(token, now) else {
            return Ok(None);
        };
        let found = self.lookups.find(claims.session_id).await?;
        // One from after what a restored database knows is let in, too.
        let is_newer = found
            .as_ref()
            .is_some_and(|s| s.generation < claims.generation);
        let session = match rows::peek(found.clone(), claims.generation, now, &self.rules.renewal) {
            Peek::Good(session) => Some(session),
            Peek::Undecided => found.filter(|_| is_newer),
            Peek::Dead(_) => None,
        };
        Ok(session.map(|session| {
            let claims = json!({
                "sub": session.user_id.to_string(),
                "sid": session.id.to_string(),
                "iat": numeric_date(session.renewed_at()).as_secs(),
                "exp": numeric_date(session.idle_expires_at).as_secs(),
            });
            claims.as_object().cloned().unwrap_or_default()
        }))
    }

    /// Ends the session of a token, access or refresh (RFC 7009 §2.1). One that is not ours is
    /// ignored, as is one that was revoked before.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke(&self, token: &str, by: RevokedBy, device: &Device) -> Result<(), Failure> {
        let now = self.clock.now();
        let of_refresh = self.tokens.refresh.session_to_end(token, now);
        let id = of_refresh.or_else(|| self.tokens.access.session_to_end(token, now));
        let Some(id) = id else {
            return Ok(());
        };
        let reason = match by {
            RevokedBy::Holder => RevokedReason::Logout,
            RevokedBy::BackEnd => RevokedReason::RevokedByOperator,
        };
        self.end_one(id, reason, device, now).await
    }
}

use serde_json::{Map, Value, json};
use store::sessions::{self, Peek};

use super::Sessions;
use crate::clock::numeric_date;
use crate::failure::Failure;

/// Which tokens may be active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introspected {
    /// Access tokens and legacy tokens. Most resource servers look at nothing but `active`: a refresh token
    /// must not pass there for an access token.
    AccessTokens,
    /// Refresh tokens as well.
    RefreshTokens,
}

impl Sessions {
    /// The claims of an active token, with `username` and `scope` (RFC 7662 §2.2); `None` for any other.
    /// Introspection changes nothing: a reused refresh token revokes no session here.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn introspect(
        &self,
        token: &str,
        wanted: Introspected,
    ) -> Result<Option<Map<String, Value>>, Failure> {
        let claims = self.active_claims(token, wanted).await?;
        Ok(claims.map(|mut claims| {
            // Some resource servers take it for who the user is. Names are not unique, and users choose their
            // addresses.
            if let Some(sub) = claims.get("sub").cloned() {
                claims.insert("username".to_owned(), sub);
            }
            claims.entry("scope").or_insert_with(|| "".into());
            claims
        }))
    }

    async fn active_claims(
        &self,
        token: &str,
        wanted: Introspected,
    ) -> Result<Option<Map<String, Value>>, Failure> {
        let now = self.ports.clock.now();
        if let Some((claims, verified)) = self.tokens.access.all_claims(token, now) {
            let denylist = self.revocations.denylist();
            let is_revoked = denylist.reason(verified.session_id).is_some();
            let changes = self.revocations.claim_changes();
            let is_outdated = changes.outdate(&verified.user_id, token);
            return Ok((!is_revoked && !is_outdated).then_some(claims));
        }
        if let Some(claims) = self.tokens.access.all_legacy_claims(token, now) {
            return Ok(Some(claims));
        }
        if wanted == Introspected::AccessTokens {
            return Ok(None);
        }
        let Ok(claims) = self.tokens.refresh.verify(token, now) else {
            return Ok(None);
        };
        let found = self.lookups.find(claims.session_id).await?;
        // A token newer than a restored database would be accepted, so it is active.
        let is_newer = found
            .as_ref()
            .is_some_and(|s| s.generation < claims.generation);
        let session =
            match sessions::peek(found.clone(), claims.generation, now, &self.rules.renewal) {
                Peek::Valid(session) => Some(session),
                Peek::Undecided => found.filter(|_| is_newer),
                Peek::NotLive(_) => None,
            };
        Ok(session.map(|session| {
            let claims = json!({
                "sub": session.user_id.to_string(),
                "sid": session.id.to_string(),
                "client_id": self.tokens.access.client_id(&session),
                "iat": numeric_date(session.renewed_at()).as_secs(),
                "exp": numeric_date(session.idle_expires_at).as_secs(),
            });
            claims.as_object().cloned().unwrap_or_default()
        }))
    }
}

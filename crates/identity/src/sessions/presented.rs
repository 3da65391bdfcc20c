//! The sessions whose refresh tokens a request presents. Honest clients send one cookie; a browser may
//! add those that other paths or domains left behind, or that somebody planted there.

use std::cmp::Reverse;
use std::collections::HashSet;

use store::sessions::{self, SessionId};

use super::Sessions;
use super::renew::Refusal;
use crate::failure::Failure;
use crate::tokens::RefreshClaims;

/// Maximum number of sessions that are considered for one renewal or replaced by one sign-in.
const MOST: usize = 4;

impl Sessions {
    /// The claims of the valid tokens, of at most four sessions: newest first, and only the newest
    /// generation of each session, so that a stale cookie never affects a current one. Of more, the live
    /// ones come first. Without a valid token, why the last one was refused.
    pub(super) async fn presented(
        &self,
        tokens: &[String],
    ) -> Result<Result<Vec<RefreshClaims>, Refusal>, Failure> {
        let mut claims = match self.verified(tokens) {
            Ok(claims) => claims,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if claims.len() > MOST {
            let ids = claims.iter().map(|claims| claims.session_id).collect();
            let live = self.live_among(ids).await?;
            claims.sort_by_key(|claims| !live.contains(&claims.session_id));
            claims.truncate(MOST);
        }
        Ok(Ok(claims))
    }

    /// The sessions of the valid tokens, as [`presented`](Self::presented) orders and bounds them.
    pub(crate) async fn presented_ids(&self, tokens: &[String]) -> Result<Vec<SessionId>, Failure> {
        let claims = self.presented(tokens).await?.unwrap_or_default();
        Ok(claims.iter().map(|claims| claims.session_id).collect())
    }

    /// Which of these sessions are live. One statement answers for all, however many were presented.
    pub(super) async fn live_among(
        &self,
        ids: Vec<SessionId>,
    ) -> Result<HashSet<SessionId>, Failure> {
        let now = self.ports.clock.now();
        let find = move |c: &mut _| sessions::find_many(c, &ids);
        let mut live = HashSet::new();
        for session in self.ports.store.read(find).await? {
            if let Some(session) = session?
                && session.end(now).is_none()
            {
                live.insert(session.id);
            }
        }
        Ok(live)
    }

    fn verified(&self, tokens: &[String]) -> Result<Vec<RefreshClaims>, Refusal> {
        let now = self.ports.clock.now();
        let mut valid = Vec::new();
        let mut refusal = Refusal::NoToken;
        for token in tokens {
            match self.tokens.refresh.verify(token, now) {
                Ok(claims) => valid.push(claims),
                Err(error) => refusal = Refusal::Token(error),
            }
        }
        if valid.is_empty() {
            return Err(refusal);
        }
        valid.sort_by_key(|claims| Reverse((claims.session_id, claims.generation)));
        valid.dedup_by_key(|claims| claims.session_id);
        Ok(valid)
    }
}

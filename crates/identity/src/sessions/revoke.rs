use store::Actor;
use store::sessions::{self, Device, Revoked, RevokedReason, SessionId};

use super::Sessions;
use crate::failure::Failure;
use crate::ports::Ports;
use crate::tokens::AccessClaims;

/// Maximum number of sessions that one request to sign out may revoke.
const MOST: usize = 16;

/// The outcome of signing out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOut {
    /// No session of the presented tokens is live.
    Done,
    /// There were tokens of more than 16 live sessions: the session of the access token and the newest of
    /// the others were revoked, the rest was not.
    TooMany,
}

impl Sessions {
    /// Revokes the sessions of these tokens, valid or expired, at the request of their holder. Anything
    /// that is not a token of this service is ignored.
    ///
    /// # Errors
    ///
    /// [`Failure`]; the sessions after the one that failed were not tried.
    pub async fn sign_out(
        &self,
        refresh_tokens: &[String],
        access_token: Option<&str>,
        device: &Device,
    ) -> Result<SignedOut, Failure> {
        let mut ids = self.sessions_to_sign_out(refresh_tokens, access_token);
        if ids.len() > MOST {
            let live = self.live_among(ids.clone()).await?;
            ids.retain(|id| live.contains(id));
        }
        let signed_out = match ids.len() {
            0..=MOST => SignedOut::Done,
            _ => SignedOut::TooMany,
        };
        ids.truncate(MOST);
        for id in ids {
            self.revoke_by_holder(id, device).await?;
        }
        Ok(signed_out)
    }

    /// The sessions of these tokens that are not known to be revoked: that of the access token first,
    /// then the newest.
    fn sessions_to_sign_out(
        &self,
        refresh_tokens: &[String],
        access_token: Option<&str>,
    ) -> Vec<SessionId> {
        let now = self.ports.clock.now();
        let bearers = access_token.and_then(|t| self.tokens.access.session_to_revoke(t, now));
        let mut others: Vec<_> = refresh_tokens
            .iter()
            .filter_map(|token| self.tokens.refresh.session_to_revoke(token, now))
            .filter(|id| Some(*id) != bearers)
            .collect();
        others.sort_unstable_by(|a, b| b.cmp(a));
        others.dedup();
        let denylist = self.revocations.denylist();
        let ids = bearers.into_iter().chain(others);
        ids.filter(|id| denylist.reason(*id).is_none()).collect()
    }

    /// Revokes the session of a token, access or refresh (RFC 7009 §2.1), at the request of a service
    /// key or, without one, of the token's holder. Tokens that are unknown or were revoked before are
    /// ignored.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke_token(
        &self,
        token: &str,
        service_key: Option<&Actor>,
        device: &Device,
    ) -> Result<(), Failure> {
        let now = self.ports.clock.now();
        let of_refresh_token = self.tokens.refresh.session_to_revoke(token, now);
        let id = of_refresh_token.or_else(|| self.tokens.access.session_to_revoke(token, now));
        let denylist = self.revocations.denylist();
        match (id.filter(|id| denylist.reason(*id).is_none()), service_key) {
            (None, _) => Ok(()),
            (Some(id), None) => self.revoke_by_holder(id, device).await,
            (Some(id), Some(actor)) => self.admin.revoke(id, actor, Some(device)).await.map(drop),
        }
    }

    /// Revokes one session of the bearer's user; `false` if they have no such live session.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke_own(
        &self,
        bearer: &AccessClaims,
        id: SessionId,
        device: &Device,
    ) -> Result<bool, Failure> {
        let by = Actor::User(bearer.user_id.clone());
        let revoked = revoke_one(&self.ports, id, RevokedReason::RevokedByUser, Some(by)).await?;
        if let Some(revoked) = &revoked {
            self.revocations.publish(revoked, Some(device));
        }
        Ok(revoked.is_some())
    }

    /// Revokes all sessions of the bearer's user except the bearer's own, and returns how many.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke_others(
        &self,
        bearer: &AccessClaims,
        device: &Device,
    ) -> Result<usize, Failure> {
        let (user_id, keep) = (bearer.user_id.clone(), Some(bearer.session_id));
        let (reason, by) = (RevokedReason::RevokedByUser, Actor::User(user_id.clone()));
        let clock = self.ports.clock.clone();
        let revoke = move |c: &mut _| {
            let now = || clock.now();
            sessions::revoke_all_of_user(c, &user_id, keep, reason, &by, &now)
        };
        let revoked = self.ports.store.transaction(revoke).await?;
        self.revocations.publish(&revoked, Some(device));
        Ok(revoked.sessions.len())
    }

    /// The holder of a token is the session's user.
    async fn revoke_by_holder(&self, id: SessionId, device: &Device) -> Result<(), Failure> {
        if let Some(revoked) = revoke_one(&self.ports, id, RevokedReason::Logout, None).await? {
            self.revocations.publish(&revoked, Some(device));
        }
        Ok(())
    }
}

/// Revokes a session; without `by`, its user does. `None` if it has ended, or is not of the user who
/// revokes it.
pub(super) async fn revoke_one(
    ports: &Ports,
    id: SessionId,
    reason: RevokedReason,
    by: Option<Actor>,
) -> Result<Option<Revoked>, Failure> {
    let clock = ports.clock.clone();
    let revoke = move |c: &mut _| sessions::revoke(c, id, reason, by.as_ref(), &|| clock.now());
    ports.store.transaction(revoke).await
}

use store::Actor;
use store::sessions::{self, Device, Revocation, RevokedReason, Session, SessionId};
use store::users::UserId;

use super::{MAX_SESSIONS, Sessions};
use crate::failure::Failure;
use crate::ports::Ports;
use crate::tokens::AccessClaims;

impl Sessions {
    /// Revokes the sessions of these tokens, valid or expired, at the request of their holder. Anything
    /// that is not a token of this service is ignored.
    ///
    /// # Errors
    ///
    /// [`Failure`], after all of them were tried.
    pub async fn sign_out(
        &self,
        refresh_tokens: &[String],
        access_token: Option<&str>,
        device: &Device,
    ) -> Result<(), Failure> {
        let now = self.ports.clock.now();
        let of_refresh_tokens = refresh_tokens
            .iter()
            .filter_map(|token| self.tokens.refresh.session_to_revoke(token, now));
        let of_access_token =
            access_token.and_then(|token| self.tokens.access.session_to_revoke(token, now));
        let mut ids: Vec<_> = of_refresh_tokens.chain(of_access_token).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(MAX_SESSIONS);
        let mut outcome = Ok(());
        for id in ids {
            let revoked = self.revoke_by_holder(id, device).await;
            outcome = outcome.and(revoked);
        }
        outcome
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
        match (id, service_key) {
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
        let (user_id, revocation) = (bearer.user_id.clone(), self.by_user(&bearer.user_id));
        let written = revocation.clone();
        let revoke = move |c: &mut _| sessions::revoke_of_user(c, id, &user_id, &written);
        let revoked = self.ports.store.write(revoke).await?;
        if revoked {
            self.revocations
                .publish(&bearer.user_id, vec![id], &revocation, Some(device));
        }
        Ok(revoked)
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
        let (user_id, revocation) = (bearer.user_id.clone(), self.by_user(&bearer.user_id));
        let (keep, written) = (Some(bearer.session_id), revocation.clone());
        let revoke = move |c: &mut _| sessions::revoke_all_of_user(c, &user_id, keep, &written);
        let revoked = self.ports.store.transaction(revoke).await?;
        let count = revoked.len();
        self.revocations
            .publish(&bearer.user_id, revoked, &revocation, Some(device));
        Ok(count)
    }

    /// The holder of a token is the session's user.
    async fn revoke_by_holder(&self, id: SessionId, device: &Device) -> Result<(), Failure> {
        let now = self.ports.clock.now();
        let by_holder = move |session: &Session| {
            let actor = Actor::User(session.user_id.clone());
            Revocation::new(RevokedReason::Logout, actor, now)
        };
        if let Some((session, revocation)) = revoke_one(&self.ports, id, by_holder).await? {
            self.revocations
                .publish(&session.user_id, vec![id], &revocation, Some(device));
        }
        Ok(())
    }

    fn by_user(&self, user_id: &UserId) -> Revocation {
        let actor = Actor::User(user_id.clone());
        Revocation::new(RevokedReason::RevokedByUser, actor, self.ports.clock.now())
    }
}

/// Revokes a session unless it has ended, and returns it with the revocation.
pub(super) async fn revoke_one(
    ports: &Ports,
    id: SessionId,
    revocation: impl FnOnce(&Session) -> Revocation + Send + 'static,
) -> Result<Option<(Session, Revocation)>, Failure> {
    let now = ports.clock.now();
    // Idle sessions are revoked too: by another machine's clock they may not have expired yet.
    let revoke = move |c: &mut _| {
        let session = sessions::find(c, id)?;
        let Some(session) = session.filter(|session| session.expires_at > now) else {
            return Ok(None);
        };
        let revocation = revocation(&session);
        let revoked = sessions::revoke(c, id, &revocation)?;
        Ok(revoked.then_some((session, revocation)))
    };
    ports.store.write(revoke).await
}

//! What every way to open a session has in common.

use store::UnixMillis;
use store::sessions::{Device, NewSession, Revoked, Session, SessionId};
use store::users::UserId;

use super::{Sessions, TokenPair, device_label};
use crate::failure::Failure;

impl Sessions {
    /// A session to be opened now, in place of others. `amr` says how the user proved who they are
    /// (RFC 8176), `client_id` which service key vouches for them.
    pub(crate) fn new_session(
        &self,
        user_id: UserId,
        amr: Vec<String>,
        client_id: Option<String>,
        device: Device,
        replaces: Vec<SessionId>,
        now: UnixMillis,
    ) -> NewSession {
        let expires_at = now + self.rules.ttl;
        NewSession {
            id: SessionId::new(now, self.ports.entropy.bytes()),
            user_id,
            created_at: now,
            idle_expires_at: expires_at.min(now + self.rules.renewal.idle_ttl),
            expires_at,
            amr,
            client_id,
            device: Device {
                label: device.user_agent.as_deref().and_then(device_label),
                ..device
            },
            session_limit: self.rules.per_user,
            replaces,
        }
    }

    /// Issues the tokens of a session that was just opened, and publishes the sessions that were
    /// revoked for it.
    pub(crate) fn opened(
        &self,
        session: &Session,
        revoked: &[Revoked],
        now: UnixMillis,
    ) -> Result<TokenPair, Failure> {
        for revoked in revoked {
            self.revocations.publish(revoked, None);
        }
        self.with_refresh_token(session, now)
    }

    pub(super) fn with_refresh_token(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<TokenPair, Failure> {
        let token = self.tokens.refresh.current(session)?;
        let useful_for = session.idle_expires_at.since(now).as_secs();
        Ok(TokenPair {
            refresh: Some((token, useful_for)),
            ..self.without_refresh_token(session, now)?
        })
    }

    pub(super) fn without_refresh_token(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<TokenPair, Failure> {
        let entropy = &*self.ports.entropy;
        Ok(TokenPair {
            access: self.tokens.access.issue(session, now, entropy)?,
            refresh: None,
        })
    }
}

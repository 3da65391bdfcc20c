//! What operators and back ends do with sessions. It needs no keys.

use store::Actor;
use store::sessions::{self, Device, RevokedReason, Session, SessionId};
use store::users::{self, UserId};

use super::Revocations;
use super::revoke::revoke_one;
use crate::failure::Failure;
use crate::ports::Ports;

/// Which sessions to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Live sessions.
    Live,
    /// Live sessions, and those that have ended and are not deleted yet.
    All,
}

/// Lists, shows and revokes sessions of all users.
pub struct SessionAdmin {
    ports: Ports,
    revocations: Revocations,
}

impl SessionAdmin {
    /// The sessions in the database.
    pub fn new(ports: Ports, revocations: Revocations) -> Self {
        Self { ports, revocations }
    }

    /// At most `limit` sessions of one user or of all, newest first.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn list(
        &self,
        user_id: Option<UserId>,
        which: Which,
        limit: u16,
    ) -> Result<Vec<Session>, Failure> {
        let now = self.ports.clock.now();
        let list = move |c: &mut _| match which {
            Which::Live => sessions::list(c, user_id.as_ref(), None, limit, now),
            Which::All => sessions::list_all(c, user_id.as_ref(), None, limit),
        };
        self.ports.store.read(list).await
    }

    /// A session, live or not. [`Session::end`] says when, why and by whom it ended.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn find(&self, id: SessionId) -> Result<Option<Session>, Failure> {
        self.ports.store.read(move |c| sessions::find(c, id)).await
    }

    /// Revokes a session, at a request from `device`; `false` if there is no such session, or it has
    /// ended.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke(
        &self,
        id: SessionId,
        actor: &Actor,
        device: Option<&Device>,
    ) -> Result<bool, Failure> {
        let reason = RevokedReason::RevokedByOperator;
        let revoked = revoke_one(&self.ports, id, reason, Some(actor.clone())).await?;
        if let Some(revoked) = &revoked {
            self.revocations.publish(revoked, device);
        }
        Ok(revoked.is_some())
    }

    /// Revokes all sessions of a user, and returns how many; `None` if there is no such user and no
    /// session of theirs was left.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn revoke_all_of(
        &self,
        user_id: UserId,
        actor: &Actor,
    ) -> Result<Option<usize>, Failure> {
        let (reason, by) = (RevokedReason::RevokedByOperator, actor.clone());
        let clock = self.ports.clock.clone();
        let revoke = move |c: &mut _| {
            let is_known = users::find(c, &user_id)?.is_some();
            let now = || clock.now();
            let revoked = sessions::revoke_all_of_user(c, &user_id, None, reason, &by, &now)?;
            Ok((is_known || !revoked.sessions.is_empty()).then_some(revoked))
        };
        let Some(revoked) = self.ports.store.transaction(revoke).await? else {
            return Ok(None);
        };
        self.revocations.publish(&revoked, None);
        Ok(Some(revoked.sessions.len()))
    }
}

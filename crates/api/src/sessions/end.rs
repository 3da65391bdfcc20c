//! Looking at a user's sessions, and ending them.

use store::UnixMillis;
use store::events::EventKind;
use store::sessions::{self as rows, Device, RevokedReason, Session, SessionId};
use store::users::UserId;

use super::{MAX_SESSIONS, Sessions};
use crate::failure::Failure;
use crate::page;
use crate::tokens::AccessClaims;

/// Sessions in one answer, at most.
const PAGE: u16 = 100;

/// Some of a user's sessions, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// There are more, opened before this one.
    pub next: Option<SessionId>,
}

impl Sessions {
    /// Ends the sessions of these tokens, good or expired; what is not a token of ours is
    /// ignored.
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
        let now = self.clock.now();
        let by_refresh = refresh_tokens
            .iter()
            .filter_map(|token| self.tokens.refresh.session_to_end(token, now));
        let by_access =
            access_token.and_then(|token| self.tokens.access.session_to_end(token, now));
        let mut ids: Vec<SessionId> = by_refresh.chain(by_access).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(MAX_SESSIONS);
        let reason = RevokedReason::Logout;
        let mut outcome = Ok(());
        for id in ids {
            if let Err(failure) = self.end_one(id, reason, device, now).await {
                outcome = Err(failure);
            }
        }
        outcome
    }

    /// The live sessions of the bearer's user, those opened before `before`.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn list(
        &self,
        bearer: AccessClaims,
        before: Option<SessionId>,
    ) -> Result<Page, Failure> {
        let now = self.clock.now();
        let list = move |c: &mut _| rows::list(c, Some(&bearer.user_id), before, PAGE + 1, now);
        let mut sessions = self.store.read(list).await?;
        let next = page::cut(&mut sessions, PAGE).map(|session| session.id);
        Ok(Page { sessions, next })
    }

    /// Ends one session of the bearer's user; `false` when they have no such live session.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn end(
        &self,
        bearer: AccessClaims,
        id: SessionId,
        device: &Device,
    ) -> Result<bool, Failure> {
        let now = self.clock.now();
        let reason = RevokedReason::RevokedByUser;
        let user_id = bearer.user_id.clone();
        let revoke = move |c: &mut _| rows::revoke_of_user(c, id, &user_id, reason, now);
        let ended = self.store.write(revoke).await?;
        if ended {
            self.record_ended(&bearer.user_id, id, reason, device);
            self.note_ended([id], reason, now);
        }
        Ok(ended)
    }

    /// Ends all sessions of the bearer's user but the bearer's own, and returns how many.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn end_others(
        &self,
        bearer: AccessClaims,
        device: &Device,
    ) -> Result<usize, Failure> {
        let now = self.clock.now();
        let reason = RevokedReason::RevokedByUser;
        let user_id = bearer.user_id.clone();
        let revoke = move |c: &mut _| {
            let keep = Some(bearer.session_id);
            rows::revoke_all_of_user(c, &user_id, keep, reason, now)
        };
        let ended = self.store.transaction(revoke).await?;
        for id in &ended {
            self.record_ended(&bearer.user_id, *id, reason, device);
        }
        let count = ended.len();
        self.note_ended(ended, reason, now);
        Ok(count)
    }

    /// Ends a session, unless it has ended before.
    pub(super) async fn end_one(
        &self,
        id: SessionId,
        reason: RevokedReason,
        device: &Device,
        now: UnixMillis,
    ) -> Result<(), Failure> {
        let revoke = move |c: &mut _| match rows::revoke(c, id, reason, now)? {
            true => rows::find(c, id),
            false => Ok(None),
        };
        if let Some(session) = self.store.write(revoke).await? {
            self.record_ended(&session.user_id, id, reason, device);
            self.note_ended([id], reason, now);
        }
        Ok(())
    }

    fn record_ended(
        &self,
        user_id: &UserId,
        id: SessionId,
        reason: RevokedReason,
        device: &Device,
    ) {
        let event = self.audit.event(EventKind::SessionEnded);
        let event = event.user(user_id).session(id).device(device);
        self.audit.record(event.detail(reason.as_str()));
    }

    /// Access tokens of these sessions are refused from now on; on other replicas within two
    /// seconds.
    pub(super) fn note_ended(
        &self,
        ids: impl IntoIterator<Item = SessionId>,
        reason: RevokedReason,
        at: UnixMillis,
    ) {
        self.revocations.note(ids, reason, at);
    }
}

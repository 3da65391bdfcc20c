//! Sessions that a trusted back end opens by user id.

use store::events::{Cause, Event, EventKind};
use store::sessions::{self, Device, Opened};
use store::users::UserId;
use store::{Actor, UnixMillis};

use super::{Sessions, TokenPair};
use crate::failure::Failure;

/// The outcome of opening a session by user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issue {
    /// The session is open.
    Issued(TokenPair),
    /// There is no such user.
    UserUnknown,
    /// The user is disabled.
    UserDisabled,
}

impl Sessions {
    /// Opens a session for a user whom `actor` vouches for, in place of the sessions whose refresh tokens
    /// came along.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn issue(
        &self,
        user_id: UserId,
        device: Device,
        presented: &[String],
        actor: &Actor,
    ) -> Result<Issue, Failure> {
        let now = self.ports.clock.now();
        let event = self.issue_event(&user_id, &device, actor);
        let replaces = self.presented_ids(presented).await?;
        let new = self.new_session(user_id, Vec::new(), client_id(actor), device, replaces, now);
        let clock = self.ports.clock.clone();
        let issue = move |c: &mut _| sessions::issue(c, &new, &|| clock.now());
        let opened = self.ports.store.transaction(issue).await?;
        self.issued(opened, event, now)
    }

    /// Revokes all sessions of a user and opens a new one.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn renew_by_force(
        &self,
        user_id: UserId,
        device: Device,
        actor: &Actor,
    ) -> Result<Issue, Failure> {
        let now = self.ports.clock.now();
        let event = self.issue_event(&user_id, &device, actor);
        let event = event.reason(Cause::ForcedRenewal);
        let new = self.new_session(
            user_id,
            Vec::new(),
            client_id(actor),
            device,
            Vec::new(),
            now,
        );
        let (by, clock) = (actor.clone(), self.ports.clock.clone());
        let renew = move |c: &mut _| sessions::renew_by_force(c, &new, &by, &|| clock.now());
        let opened = self.ports.store.transaction(renew).await?;
        self.issued(opened, event, now)
    }

    fn issue_event(&self, user_id: &UserId, device: &Device, actor: &Actor) -> Event {
        let event = self.ports.audit.event(EventKind::SessionIssued);
        event.actor(actor).user(user_id).device(device)
    }

    fn issued(&self, opened: Opened, event: Event, now: UnixMillis) -> Result<Issue, Failure> {
        match opened {
            Opened::Session(session, revoked) => {
                self.ports.audit.record(event.session(session.id));
                Ok(Issue::Issued(self.opened(&session, &revoked, now)?))
            }
            Opened::UserUnknown => {
                self.ports.audit.record(event.refused(Cause::UserUnknown));
                Ok(Issue::UserUnknown)
            }
            Opened::UserDisabled => {
                self.ports.audit.record(event.refused(Cause::UserDisabled));
                Ok(Issue::UserDisabled)
            }
            Opened::PasswordChanged => Err(Failure::Internal("no password was checked".into())),
        }
    }
}

fn client_id(actor: &Actor) -> Option<String> {
    match actor {
        Actor::ServiceKey(name) => Some(name.clone()),
        _ => None,
    }
}

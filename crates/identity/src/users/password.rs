//! Changing a password, and setting one with a link.

use store::Actor;
use store::events::{Cause, EventKind};
use store::password_links;
use store::sessions::Device;
use store::user_changes::{self, Change};

use super::Users;
use crate::credentials::{InvalidPassword, Password, PasswordLink};
use crate::failure::Failure;
use crate::sign_in::Unconfirmed;
use crate::tokens::AccessClaims;

/// The outcome of changing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// It was changed.
    Done {
        /// The number of other sessions that were revoked.
        revoked: usize,
    },
    /// The new password violates the policy.
    Invalid(InvalidPassword),
    /// The current password was not confirmed.
    Unconfirmed(Unconfirmed),
}

/// The outcome of setting a password with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// It was set.
    Done {
        /// The number of sessions that were revoked.
        revoked: usize,
    },
    /// The link is unknown, used or expired.
    LinkInvalid,
    /// The new password violates the policy; the link stays valid.
    Invalid(InvalidPassword),
}

impl Users {
    /// Replaces the bearer's password, and revokes their other sessions.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn change_password(
        &self,
        bearer: &AccessClaims,
        current: Password,
        new: Password,
        device: &Device,
    ) -> Result<PasswordChange, Failure> {
        let overtaken = PasswordChange::Unconfirmed(Unconfirmed::Overtaken);
        let Some(user) = self.find(bearer.user_id.clone()).await? else {
            return Ok(overtaken);
        };
        let new = match new.accept(&user.name, &user.email) {
            Ok(new) => new,
            Err(why) => return Ok(PasswordChange::Invalid(why)),
        };
        let event = self.own_event(EventKind::PasswordChanged, bearer, device);
        let checked = match self.confirmation.confirm(&user, current, &event).await? {
            Ok(checked) => checked,
            Err(why) => return Ok(PasswordChange::Unconfirmed(why)),
        };
        let hash = self.hasher.hash(new).await?;
        let (id, keep, clock) = (user.id, bearer.session_id, self.ports.clock.clone());
        let change = move |c: &mut _| {
            user_changes::change_password(c, &id, &checked, &hash, keep, &|| clock.now())
        };
        match self.ports.store.transaction(change).await? {
            Change::NotFound => Ok(overtaken),
            Change::Made(revoked) => {
                self.ports.audit.record(event);
                self.revocations.publish(&revoked, Some(device));
                Ok(PasswordChange::Done {
                    revoked: revoked.sessions.len(),
                })
            }
        }
    }

    /// Sets a password with a link, which is used up, and revokes all sessions of its user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn set_password_with_link(
        &self,
        link: &PasswordLink,
        new: Password,
        device: &Device,
    ) -> Result<LinkUse, Failure> {
        let (link, now) = (link.hash(), self.ports.clock.now());
        let event = self.ports.audit.event(EventKind::PasswordSet);
        let event = event.device(device);
        let find = move |c: &mut _| password_links::find(c, link, now);
        let Some(user) = self.ports.store.read(find).await? else {
            self.ports.audit.record(event.refused(Cause::LinkInvalid));
            return Ok(LinkUse::LinkInvalid);
        };
        let event = event.user(&user.id);
        let new = match new.accept(&user.name, &user.email) {
            Ok(new) => new,
            Err(why) => return Ok(LinkUse::Invalid(why)),
        };
        let hash = self.hasher.hash(new).await?;
        let clock = self.ports.clock.clone();
        let redeem =
            move |c: &mut _| user_changes::redeem_password_link(c, link, &hash, &|| clock.now());
        match self.ports.store.transaction(redeem).await? {
            Change::Made(revoked) => {
                self.ports.audit.record(event.actor(&Actor::User(user.id)));
                self.revocations.publish(&revoked, Some(device));
                Ok(LinkUse::Done {
                    revoked: revoked.sessions.len(),
                })
            }
            Change::NotFound => {
                self.ports.audit.record(event.refused(Cause::LinkInvalid));
                Ok(LinkUse::LinkInvalid)
            }
        }
    }
}

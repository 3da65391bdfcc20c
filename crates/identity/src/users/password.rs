//! Changing a password.

use store::events::EventKind;
use store::outbox::MailKind;
use store::sessions::Device;
use store::user_changes::{self, Change};

use super::Users;
use crate::credentials::{InvalidPassword, Password};
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
        let notice = self
            .mailing
            .outbox
            .notice(MailKind::PasswordChanged, &user, device);
        let (id, keep, clock) = (user.id, bearer.session_id, self.ports.clock.clone());
        let change = move |c: &mut _| {
            let now = &|| clock.now();
            let change = user_changes::change_password(c, &id, &checked, &hash, keep, now)?;
            if let (Change::Made(_), Some(notice)) = (&change, &notice) {
                notice.post(c)?;
            }
            Ok(change)
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
}

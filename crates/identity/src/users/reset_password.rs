//! Setting a password without the current one.

use store::Actor;
use store::challenges::ChallengeKind;
use store::events::EventKind;
use store::outbox::MailKind;
use store::sessions::Device;
use store::user_changes::{self, Proof, Proven};

use super::verify_email::cause_of_refusal;
use super::{Email, Users};
use crate::challenges::Presented;
use crate::credentials::{InvalidPassword, Password};
use crate::failure::Failure;
use crate::mail::{Asking, Requested};

/// The outcome of setting a password with a code or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordReset {
    /// It was set.
    Done {
        /// The number of sessions that were revoked.
        revoked: usize,
    },
    /// The code or link is unknown, used or expired.
    Refused,
    /// The new password violates the policy; the link stays valid.
    Invalid(InvalidPassword),
}

/// What a link or code that sets a password can be.
const KINDS: &[ChallengeKind] = &[ChallengeKind::ResetPassword, ChallengeKind::SetPassword];

impl Users {
    /// Sends whoever has this address a mail with which to set a password.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn forgot_password(
        &self,
        email: Email,
        asking: Asking,
        device: &Device,
    ) -> Result<Requested, Failure> {
        let event = self
            .ports
            .audit
            .event(EventKind::PasswordResetAsked)
            .device(device);
        let kinds = (MailKind::ResetPassword, ChallengeKind::ResetPassword);
        self.mailing
            .request(&self.ports, kinds, email, asking, event)
            .await
    }

    /// Sets a password with a link or code, which is used up, and revokes all sessions of its user. If it was
    /// mailed, it proves their address as well.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn reset_password(
        &self,
        presented: Presented,
        new: Password,
        device: &Device,
    ) -> Result<PasswordReset, Failure> {
        let event = self
            .ports
            .audit
            .event(EventKind::PasswordSet)
            .device(device);
        let cause = cause_of_refusal(&presented);
        let challenge = self
            .mailing
            .secrets
            .find(&self.ports, KINDS, presented)
            .await?;
        let user = match challenge
            .as_ref()
            .and_then(|challenge| challenge.user_id.clone())
        {
            Some(id) => self.find(id).await?,
            None => None,
        };
        let (Some(challenge), Some(user)) = (challenge, user) else {
            self.ports.audit.record(event.refused(cause));
            return Ok(PasswordReset::Refused);
        };
        let event = event.user(&user.id);
        let new = match new.accept(&user.name, &user.email) {
            Ok(new) => new,
            Err(why) => return Ok(PasswordReset::Invalid(why)),
        };
        let hash = self.hasher.hash(new).await?;
        let notice = self
            .mailing
            .outbox
            .notice(MailKind::PasswordChanged, &user, device);
        let clock = self.ports.clock.clone();
        let reset = move |c: &mut _| {
            let proof = user_changes::reset_password(c, &challenge, &hash, &|| clock.now())?;
            if let (Proof::Accepted(_), Some(notice)) = (&proof, &notice) {
                notice.post(c)?;
            }
            Ok(proof)
        };
        match self.ports.store.transaction(reset).await? {
            Proof::Accepted(proven) => {
                self.ports.audit.record(event.actor(&Actor::User(user.id)));
                Ok(PasswordReset::Done {
                    revoked: self.publish(*proven, device),
                })
            }
            Proof::Invalid | Proof::EmailTaken => {
                self.ports.audit.record(event.refused(cause));
                Ok(PasswordReset::Refused)
            }
        }
    }

    /// Publishes what was changed, and returns how many sessions were revoked.
    pub(super) fn publish(&self, proven: Proven, device: &Device) -> usize {
        if let Some(claims) = proven.claims {
            self.revocations.publish_claims(claims);
        }
        let Some(revoked) = proven.revoked else {
            return 0;
        };
        self.revocations.publish(&revoked, Some(device));
        revoked.sessions.len()
    }
}

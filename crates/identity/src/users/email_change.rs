//! Changing an address that must be proven first, and taking the change back.

use store::attempts::Attempt;
use store::challenges::{self, Challenge, ChallengeKind};
use store::events::{Cause, EventKind};
use store::outbox::MailKind;
use store::sessions::Device;
use store::user_changes::{self, Proof};
use store::users::{self, User, UserId};
use store::{Actor, AnyConnection, StoreError};

use super::{Email, Users};
use crate::challenges::Presented;
use crate::failure::Failure;
use crate::mail::{Asking, Letter};
use crate::sign_in::Unconfirmed;

/// The outcome of taking a change of the address back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The user has the old address again; a mail with which to set a new password is on its way.
    Done(User),
    /// The link is unknown, used or expired.
    Invalid,
    /// Another user has the old address by now.
    EmailTaken,
}

/// A new address that waits to be proven.
pub(super) struct NewEmail {
    pub(super) email: String,
    /// The mail to it, if there is one.
    letter: Option<Letter>,
    /// What waits, if no mail tells of it.
    challenge: Option<Challenge>,
}

impl NewEmail {
    /// Adds what is awaited, and the mail. Requires the transaction in which the password was checked again.
    pub(super) fn post(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        if let Some(challenge) = &self.challenge {
            challenges::add(connection, challenge, 0)?;
        }
        match &self.letter {
            Some(letter) => letter.post(connection),
            None => Ok(()),
        }
    }
}

impl Users {
    /// Prepares the mail to a new address, which replaces the old one when it is proven; `None` if the user has it
    /// already. Whether somebody else has it is only told to whoever reads its mail.
    pub(super) async fn ask_for_new_email(
        &self,
        user: &User,
        new: Email,
        asking: Asking,
    ) -> Result<Result<Option<NewEmail>, Unconfirmed>, Failure> {
        let (kind, email) = (MailKind::ChangeEmail, String::from(new));
        if email == user.email {
            return Ok(Ok(None));
        }
        if let Attempt::Exhausted { wait } = self.mailing.limit.count(kind, &email).await? {
            return Ok(Err(Unconfirmed::RateLimited { wait }));
        }
        let address = email.clone();
        let find = move |c: &mut _| users::find_by_email(c, &address);
        let owner = self.ports.store.read(find).await?;
        let outbox = &self.mailing.outbox;
        let asked = outbox.change_email(user, &email, asking);
        Ok(Ok(Some(match owner.filter(|owner| owner.id != user.id) {
            // The owner learns of it; the user only sees that the address waits to be proven.
            Some(owner) => NewEmail {
                letter: outbox.account_exists(Asking::default().about(Some(&owner), &owner.email)),
                challenge: asked.into_challenge(),
                email,
            },
            None => NewEmail {
                letter: Some(asked),
                challenge: None,
                email,
            },
        })))
    }

    /// The address that waits to be proven, if there is one.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn pending_email(&self, id: UserId) -> Result<Option<String>, Failure> {
        let now = self.ports.clock.now();
        let find = move |c: &mut _| challenges::of_user(c, &id, ChallengeKind::ChangeEmail, now);
        let pending = self.ports.store.read(find).await?;
        Ok(pending.map(|challenge| challenge.email))
    }

    /// Takes a change of the address back. All sessions are revoked, the password is removed, and a mail with
    /// which to set a new one is sent to the old address.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn undo_email_change(
        &self,
        token: String,
        device: &Device,
    ) -> Result<Undone, Failure> {
        const KINDS: &[ChallengeKind] = &[ChallengeKind::UndoEmailChange];
        let event = self
            .ports
            .audit
            .event(EventKind::EmailChangeUndone)
            .device(device);
        let presented = Presented::Link(token);
        let challenge = self
            .mailing
            .secrets
            .find(&self.ports, KINDS, presented)
            .await?;
        let Some(challenge) = challenge else {
            self.ports.audit.record(event.refused(Cause::LinkInvalid));
            return Ok(Undone::Invalid);
        };
        let (clock, outbox) = (self.ports.clock.clone(), self.mailing.outbox.clone());
        let undo = move |c: &mut _| {
            let proof = user_changes::undo_email_change(c, &challenge, &|| clock.now())?;
            if let Proof::Accepted(proven) = &proof {
                let asked = Asking::default().about(Some(&proven.user), &proven.user.email);
                let kind = ChallengeKind::ResetPassword;
                outbox.ask(MailKind::ResetPassword, kind, asked).post(c)?;
            }
            Ok(proof)
        };
        match self.ports.store.transaction(undo).await? {
            Proof::Accepted(proven) => {
                let user = proven.user.clone();
                let actor = Actor::User(user.id.clone());
                self.ports.audit.record(event.user(&user.id).actor(&actor));
                self.publish(*proven, device);
                Ok(Undone::Done(user))
            }
            Proof::Invalid => {
                self.ports.audit.record(event.refused(Cause::LinkInvalid));
                Ok(Undone::Invalid)
            }
            Proof::EmailTaken => {
                self.ports.audit.record(event.refused(Cause::EmailTaken));
                Ok(Undone::EmailTaken)
            }
        }
    }
}

//! Inviting users: somebody else makes the account, and its user takes it up.

use store::Actor;
use store::challenges::ChallengeKind;
use store::events::{Cause, EventKind};
use store::outbox::MailKind;
use store::sessions::Device;
use store::user_changes::{self, Proof};
use store::users::{self, Addition, User, UserId};

use super::{Name, NewUser, Users};
use crate::challenges::Presented;
use crate::credentials::{InvalidPassword, Password};
use crate::failure::Failure;
use crate::mail::Asking;

/// The outcome of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// The user was added, and a mail is on its way.
    Done(User),
    /// Another user has this id, or had it before they were deleted.
    IdTaken,
    /// Another user has this address.
    EmailTaken,
}

/// The outcome of taking an invitation up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// This is the user now.
    Done(User),
    /// The link is unknown, used or expired.
    LinkInvalid,
    /// The password violates the policy; the link stays valid.
    Invalid(InvalidPassword),
}

impl Users {
    /// Adds a user, who sets name and password with a mailed link.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn invite(&self, new: NewUser, actor: &Actor) -> Result<Invited, Failure> {
        let now = self.ports.clock.now();
        let user = User {
            id: new
                .id
                .unwrap_or_else(|| UserId::new(now, self.ports.entropy.bytes())),
            name: new.name.into(),
            email: new.email.into(),
            password: None,
            claims: new.claims.into(),
            created_at: now,
            disabled_at: None,
            email_verified_at: None,
            locale: new.locale.map(|locale| locale.tag().to_owned()),
        };
        let letter = self.invitation(&user);
        let row = user.clone();
        let add = move |c: &mut _| {
            let addition = users::add(c, &row)?;
            if addition == Addition::Done {
                letter.post(c)?;
            }
            Ok(addition)
        };
        Ok(match self.ports.store.transaction(add).await? {
            Addition::Done => {
                self.record(EventKind::UserAdded, &user.id, actor);
                self.record(EventKind::UserInvited, &user.id, actor);
                Invited::Done(user)
            }
            Addition::IdTaken => Invited::IdTaken,
            Addition::EmailTaken => Invited::EmailTaken,
        })
    }

    /// Sends an invitation again, to a user who has not taken it up; `false` if there is no such user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn invite_again(&self, id: UserId, actor: &Actor) -> Result<bool, Failure> {
        let user = self.find(id).await?;
        let waits = |user: &User| user.password.is_none() && user.disabled_at.is_none();
        let Some(user) = user.filter(waits) else {
            return Ok(false);
        };
        let letter = self.invitation(&user);
        self.ports
            .store
            .transaction(move |c| letter.post(c))
            .await?;
        self.record(EventKind::UserInvited, &user.id, actor);
        Ok(true)
    }

    fn invitation(&self, user: &User) -> crate::mail::Letter {
        let asked = Asking::default().about(Some(user), &user.email);
        let (mail, challenge) = (MailKind::Invitation, ChallengeKind::Invitation);
        self.mailing.outbox.ask(mail, challenge, asked)
    }

    /// Takes an invitation up, which proves the address.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn accept_invitation(
        &self,
        token: String,
        name: Name,
        password: Password,
        device: &Device,
    ) -> Result<Accepted, Failure> {
        const KINDS: &[ChallengeKind] = &[ChallengeKind::Invitation];
        let event = self
            .ports
            .audit
            .event(EventKind::InvitationAccepted)
            .device(device);
        let presented = Presented::Link(token);
        let challenge = self
            .mailing
            .secrets
            .find(&self.ports, KINDS, presented)
            .await?;
        let Some(challenge) = challenge else {
            self.ports.audit.record(event.refused(Cause::LinkInvalid));
            return Ok(Accepted::LinkInvalid);
        };
        let name = String::from(name);
        let password = match password.accept(&name, &challenge.email) {
            Ok(password) => password,
            Err(why) => return Ok(Accepted::Invalid(why)),
        };
        let hash = self.hasher.hash(password).await?;
        let clock = self.ports.clock.clone();
        let accept = move |c: &mut _| {
            user_changes::accept_invitation(c, &challenge, &name, &hash, &|| clock.now())
        };
        match self.ports.store.transaction(accept).await? {
            Proof::Accepted(proven) => {
                let user = proven.user.clone();
                let actor = Actor::User(user.id.clone());
                self.ports.audit.record(event.user(&user.id).actor(&actor));
                self.publish(*proven, device);
                Ok(Accepted::Done(user))
            }
            Proof::Invalid | Proof::EmailTaken => {
                self.ports.audit.record(event.refused(Cause::LinkInvalid));
                Ok(Accepted::LinkInvalid)
            }
        }
    }
}

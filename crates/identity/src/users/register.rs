use store::Actor;
use store::challenges::ChallengeKind;
use store::events::{Cause, EventKind};
use store::outbox::MailKind;
use store::sessions::Device;
use store::users::{self, Addition, User, UserId};

use super::{CustomClaims, Email, Name, Users, Verification};
use crate::credentials::AcceptedPassword;
use crate::failure::Failure;
use crate::mail::Asking;

/// Whether anyone may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone may.
    Open,
    /// Anyone may, and the answer does not reveal whether an email address is taken.
    Discreet,
    /// Only operators and back ends add users.
    Closed,
}

/// An account to register.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The display name.
    pub name: Name,
    /// The email address.
    pub email: Email,
    /// The password.
    pub password: AcceptedPassword,
}

/// The outcome of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// The user was registered. With discreet registration, also returned if the email address was taken,
    /// so that the caller cannot tell.
    User(User),
    /// Another user has the email address.
    EmailTaken,
    /// Registration is closed.
    Closed,
}

impl Users {
    /// Registers a user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn register(
        &self,
        account: NewAccount,
        asking: Asking,
        device: &Device,
    ) -> Result<Registered, Failure> {
        let event = self.ports.audit.event(EventKind::Registration);
        let event = event.device(device);
        if self.rules.registration == Registration::Closed {
            let event = event.refused(Cause::RegistrationClosed);
            self.ports.audit.record(event);
            return Ok(Registered::Closed);
        }
        let hash = self.hasher.hash(account.password).await?;
        let now = self.ports.clock.now();
        let user = User {
            id: UserId::new(now, self.ports.entropy.bytes()),
            name: account.name.into(),
            email: account.email.into(),
            password: Some(hash),
            claims: CustomClaims::default().into(),
            created_at: now,
            disabled_at: None,
            email_verified_at: None,
            locale: asking.locale.map(|locale| locale.tag().to_owned()),
        };
        let letter = match self.rules.verification {
            Verification::Off => None,
            Verification::Optional | Verification::Required => {
                let asked = asking.clone().about(Some(&user), &user.email);
                let kind = ChallengeKind::VerifyEmail;
                let letter = self.mailing.outbox.ask(MailKind::VerifyEmail, kind, asked);
                Some(letter.limited())
            }
        };
        let row = user.clone();
        let add = move |c: &mut _| {
            let addition = users::add(c, &row)?;
            if let (Addition::Done, Some(letter)) = (addition, &letter) {
                letter.post(c)?;
            }
            Ok(addition)
        };
        match self.ports.store.transaction(add).await? {
            Addition::Done => {
                let event = event.actor(&Actor::User(user.id.clone()));
                self.ports.audit.record(event.user(&user.id));
                Ok(Registered::User(user))
            }
            Addition::EmailTaken => {
                self.ports.audit.record(event.refused(Cause::EmailTaken));
                if self.rules.registration != Registration::Discreet {
                    return Ok(Registered::EmailTaken);
                }
                self.tell_the_owner(user.email.clone(), asking).await?;
                Ok(Registered::User(user))
            }
            Addition::IdTaken => Err(Failure::Internal("a new user id is taken".into())),
        }
    }

    /// Writes the owner of an address a mail that somebody tried to register with it. It takes as long as adding
    /// a user.
    async fn tell_the_owner(&self, email: String, asking: Asking) -> Result<(), Failure> {
        let outbox = self.mailing.outbox.clone();
        let tell = move |c: &mut _| {
            users::rewrite(c, &email)?;
            let owner = users::find_by_email(c, &email)?;
            let Some(owner) = owner.filter(|owner| owner.disabled_at.is_none()) else {
                return Ok(());
            };
            // Whoever asked must not be able to answer by code: the owner did not ask.
            let asked = Asking {
                browser: None,
                ..asking.clone()
            };
            let asked = asked.about(Some(&owner), &owner.email);
            match outbox.account_exists(asked) {
                Some(letter) => letter.post(c),
                None => Ok(()),
            }
        };
        self.ports.store.transaction(tell).await
    }
}

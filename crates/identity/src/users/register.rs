use store::Actor;
use store::events::{Cause, EventKind};
use store::sessions::Device;
use store::users::{self, Addition, User, UserId};

use super::{CustomClaims, Email, Name, Users};
use crate::credentials::AcceptedPassword;
use crate::failure::Failure;

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
        device: &Device,
    ) -> Result<Registered, Failure> {
        let event = self.ports.audit.event(EventKind::Registration);
        let event = event.device(device);
        if self.registration == Registration::Closed {
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
        };
        let row = user.clone();
        let add = move |c: &mut _| users::add(c, &row);
        match self.ports.store.transaction(add).await? {
            Addition::Done => {
                let event = event.actor(&Actor::User(user.id.clone()));
                self.ports.audit.record(event.user(&user.id));
                Ok(Registered::User(user))
            }
            Addition::EmailTaken => {
                self.ports.audit.record(event.refused(Cause::EmailTaken));
                if self.registration != Registration::Discreet {
                    return Ok(Registered::EmailTaken);
                }
                // A commit that changes nothing is faster than one that adds a user.
                let email = user.email.clone();
                let rewrite = move |c: &mut _| users::rewrite(c, &email);
                self.ports.store.write(rewrite).await?;
                Ok(Registered::User(user))
            }
            Addition::IdTaken => Err(Failure::Internal("a new user id is taken".into())),
        }
    }
}

//! Users: registration, their own profile and password, administration, and import.

mod admin;
mod claims;
mod email_change;
pub mod import;
mod invitation;
mod link;
mod name;
mod password;
mod profile;
mod register;
mod reset_password;
mod verify_email;

use std::sync::Arc;

use store::users::{self, User, UserId};

use crate::credentials::PasswordHasher;
use crate::failure::Failure;
use crate::mail::Mailing;
use crate::ports::Ports;
use crate::sessions::Revocations;
use crate::sign_in::PasswordConfirmation;

pub use crate::email::{Email, InvalidEmail};
pub use admin::{CreatedLink, NewUser, UserPage};
pub use claims::{CustomClaims, InvalidCustomClaims};
pub use email_change::Undone;
pub use invitation::{Accepted, Invited};
pub use link::SeenLink;
pub use name::{InvalidName, Name};
pub use password::PasswordChange;
pub use profile::{ProfileChanges, ProfileUpdate};
pub use register::{NewAccount, Registered, Registration};
pub use reset_password::PasswordReset;
pub use verify_email::{Answerer, Sent, Verified};

/// Whether users prove their email address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Nobody is asked to.
    Off,
    /// Users are asked to when they register.
    Optional,
    /// Nobody has a session before.
    Required,
}

/// The rules of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountRules {
    /// Who may register.
    pub registration: Registration,
    /// Whether users prove their address.
    pub verification: Verification,
    /// Whether a new address must be proven before it replaces the old one.
    pub confirms_email_changes: bool,
}

/// Registers and changes users.
pub struct Users {
    ports: Ports,
    hasher: Arc<PasswordHasher>,
    confirmation: PasswordConfirmation,
    revocations: Revocations,
    mailing: Mailing,
    rules: AccountRules,
}

impl Users {
    /// The users in the database.
    pub fn new(
        ports: Ports,
        hasher: Arc<PasswordHasher>,
        confirmation: PasswordConfirmation,
        revocations: Revocations,
        mailing: Mailing,
        rules: AccountRules,
    ) -> Self {
        Self {
            ports,
            hasher,
            confirmation,
            revocations,
            mailing,
            rules,
        }
    }

    /// The user of this id.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn find(&self, id: UserId) -> Result<Option<User>, Failure> {
        self.ports.store.read(move |c| users::find(c, &id)).await
    }
}

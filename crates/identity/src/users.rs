//! Users: registration, their own profile and password, administration, and import.

mod admin;
mod claims;
pub mod import;
mod name;
mod password;
mod profile;
mod register;

use std::sync::Arc;

use store::users::{self, User, UserId};

use crate::credentials::PasswordHasher;
use crate::failure::Failure;
use crate::ports::Ports;
use crate::sessions::Revocations;
use crate::sign_in::PasswordConfirmation;

pub use crate::email::{Email, InvalidEmail};
pub use admin::{CreatedLink, NewUser, UserPage};
pub use claims::{CustomClaims, InvalidCustomClaims};
pub use name::{InvalidName, Name};
pub use password::{LinkUse, PasswordChange};
pub use profile::{ProfileChanges, ProfileUpdate};
pub use register::{NewAccount, Registered, Registration};

/// Registers and changes users.
pub struct Users {
    ports: Ports,
    hasher: Arc<PasswordHasher>,
    confirmation: PasswordConfirmation,
    revocations: Revocations,
    registration: Registration,
}

impl Users {
    /// The users in the database.
    pub fn new(
        ports: Ports,
        hasher: Arc<PasswordHasher>,
        confirmation: PasswordConfirmation,
        revocations: Revocations,
        registration: Registration,
    ) -> Self {
        Self {
            ports,
            hasher,
            confirmation,
            revocations,
            registration,
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

//! Accounts: who may sign in.

mod email;
mod name;
mod own_claims;

use std::sync::Arc;

use store::users::{self, Added, PasswordHash, User, UserId};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::passwords::{Password, PasswordHasher};

pub use email::{Email, InvalidEmail};
pub use name::{InvalidName, Name};
pub use own_claims::{InvalidOwnClaims, OwnClaims};

/// Whether anyone may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone may.
    Open,
    /// Only the operator adds users.
    Closed,
}

/// Somebody who wants an account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Their name.
    pub name: Name,
    /// Their e-mail address.
    pub email: Email,
    /// Their password.
    pub password: Password,
}

/// What became of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// They have an account.
    User(User),
    /// Someone has that name.
    NameTaken,
    /// Someone has that e-mail address.
    EmailTaken,
    /// Registration is closed.
    Closed,
}

/// A user whose password was checked, and the hash it was checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedUser {
    /// Who it is.
    pub id: UserId,
    /// What the password was checked against.
    pub hash: PasswordHash,
}

/// Registers users and checks their passwords.
pub struct Accounts {
    store: AsyncStore,
    hasher: PasswordHasher,
    registration: Registration,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Accounts {
    /// Those in `store`.
    pub fn new(
        store: AsyncStore,
        registration: Registration,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            hasher: PasswordHasher::new(entropy.clone()),
            store,
            registration,
            clock,
            entropy,
        }
    }

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn register(&self, account: NewAccount) -> Result<Registered, Failure> {
        if self.registration == Registration::Closed {
            return Ok(Registered::Closed);
        }
        let hash = self.hasher.hash(account.password).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::new(now, self.entropy.bytes()),
            name: account.name.into(),
            email: account.email.into(),
            password: Some(hash),
            claims: OwnClaims::default().into(),
            created_at: now,
            disabled_at: None,
        };
        let added = user.clone();
        let outcome = self.store.write(move |c| users::add(c, &added)).await?;
        match outcome {
            Added::Added => Ok(Registered::User(user)),
            Added::NameTaken => Ok(Registered::NameTaken),
            Added::EmailTaken => Ok(Registered::EmailTaken),
            Added::IdTaken => Err(Failure::Internal("a new user id is taken".into())),
        }
    }

    /// The user of this e-mail address, if this is their password and they are not disabled. An
    /// unknown address, a wrong password, a disabled user and one without a password take the
    /// same time and give the same answer.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn check_password(
        &self,
        email: String,
        password: Password,
    ) -> Result<Option<CheckedUser>, Failure> {
        let user = self
            .store
            .read(move |c| users::find_by_email(c, &email))
            .await?;
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let verified = self.hasher.verify(password, hash.clone()).await?;
        Ok(match (user, hash) {
            (Some(user), Some(hash)) if verified && user.disabled_at.is_none() => {
                Some(CheckedUser { id: user.id, hash })
            }
            _ => None,
        })
    }
}

//! Accounts: who may sign in.

mod email;
mod name;
mod own_claims;

use std::sync::Arc;

use argon2::Params;

use store::sessions::RevokedReason;
use store::users::{self, Added, Changed, PasswordHash, User, UserId};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::passwords::{AcceptedPassword, InvalidPassword, Password, PasswordHasher, Verified};
use crate::revocations::Revocations;
use crate::tokens::AccessClaims;

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
    pub password: AcceptedPassword,
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

/// What became of a password that was to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// It is changed.
    Changed {
        /// So many other sessions of the user have ended.
        ended: usize,
    },
    /// The password that was to be replaced is another.
    WrongPassword,
    /// The new one will not do.
    Invalid(InvalidPassword),
    /// It was changed meanwhile, or its user disabled or deleted: the bearer's session has ended.
    Overtaken,
}

/// Registers users and checks their passwords.
pub struct Accounts {
    store: AsyncStore,
    hasher: PasswordHasher,
    registration: Registration,
    revocations: Arc<Revocations>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Accounts {
    /// Those in `store`.
    pub fn new(
        store: AsyncStore,
        registration: Registration,
        hashing: Params,
        revocations: Arc<Revocations>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            hasher: PasswordHasher::new(hashing, entropy.clone()),
            store,
            registration,
            revocations,
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
        let (Some(user), Some(hash)) = (user, hash) else {
            return Ok(None);
        };
        if user.disabled_at.is_some() {
            return Ok(None);
        }
        let id = user.id;
        match verified {
            Verified::Wrong => Ok(None),
            Verified::Good => Ok(Some(CheckedUser { id, hash })),
            Verified::GoodWithNewHash(new) => {
                let (user_id, hash_now) = (id.clone(), new.clone());
                let replace = move |c: &mut _| users::rehash(c, &user_id, &hash, &new);
                // Replaced meanwhile by somebody else: the sign-in is judged by what is there then.
                self.store.write(replace).await?;
                Ok(Some(CheckedUser { id, hash: hash_now }))
            }
        }
    }

    /// Sets the bearer's password in the place of `current`, and ends their other sessions.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn change_password(
        &self,
        bearer: AccessClaims,
        current: Password,
        new: Password,
    ) -> Result<PasswordChange, Failure> {
        let AccessClaims {
            user_id,
            session_id,
        } = bearer;
        let id = user_id.clone();
        let user = self.store.read(move |c| users::find(c, &id)).await?;
        let Some(user) = user else {
            return Ok(PasswordChange::Overtaken);
        };
        let new = match new.accept(&user.name, &user.email) {
            Ok(new) => new,
            Err(why) => return Ok(PasswordChange::Invalid(why)),
        };
        let checked = user.password;
        let verified = self.hasher.verify(current, checked.clone()).await?;
        let Some(checked) = checked.filter(|_| verified.is_good()) else {
            log::warn!("a wrong password was given to change that of user {user_id}");
            return Ok(PasswordChange::WrongPassword);
        };
        let hash = self.hasher.hash(new).await?;
        let now = self.clock.now();
        let change =
            move |c: &mut _| users::change_password(c, &user_id, &checked, &hash, session_id, now);
        match self.store.transaction(change).await? {
            Changed::NotFound => Ok(PasswordChange::Overtaken),
            Changed::Changed(ids) => {
                let ended = ids.len();
                self.revocations
                    .note(ids, RevokedReason::PasswordChanged, now);
                Ok(PasswordChange::Changed { ended })
            }
        }
    }
}

//! Accounts: who may sign in.

mod email;
mod name;
mod operator;
mod own;
mod own_claims;
mod refused;

use std::sync::Arc;
use std::time::Duration;

use argon2::Params;
use ring::digest::{Context, SHA256};
use store::attempts::{self, Allowance, Attempt, Target};
use store::events::EventKind;
use store::sessions::Device;
use store::users::{self, Added, PasswordHash, User, UserId};

use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::passwords::{AcceptedPassword, Password, PasswordHasher, Verified};
use crate::revocations::Revocations;
use crate::tokens::KnownDevice;
use refused::RefusedTargets;

pub use email::{Email, InvalidEmail};
pub use name::{InvalidName, Name};
pub use operator::{MadeLink, NewUser, UserPage};
pub use own::{LinkUse, NotConfirmed, Own, PasswordChange};
pub use own_claims::{InvalidOwnClaims, OwnClaims};

/// Whether anyone may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Anyone may.
    Open,
    /// Anyone may, and nobody is told that an e-mail address is taken.
    Discreet,
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
    /// What the attempt was counted for.
    pub counted: Option<Target>,
}

/// What came of a password that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is theirs.
    Good(CheckedUser),
    /// It is not, or nobody has that address, or they may not sign in.
    Refused,
    /// There were too many attempts; nothing was looked at.
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
}

/// What accounts keep to.
#[derive(Clone, Debug)]
pub struct AccountRules {
    /// Who may register.
    pub registration: Registration,
    /// How passwords are hashed.
    pub hashing: Params,
    /// How often one may try the password of an account.
    pub limit: Option<Allowance>,
}

/// Registers users and checks their passwords.
pub struct Accounts {
    store: AsyncStore,
    hasher: PasswordHasher,
    registration: Registration,
    limit: Option<Allowance>,
    refused: RefusedTargets,
    revocations: Arc<Revocations>,
    audit: Arc<Audit>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Accounts {
    /// Those in `store`.
    pub fn new(
        store: AsyncStore,
        rules: AccountRules,
        revocations: Arc<Revocations>,
        audit: Arc<Audit>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            hasher: PasswordHasher::new(rules.hashing, entropy.clone()),
            store,
            registration: rules.registration,
            limit: rules.limit,
            refused: RefusedTargets::default(),
            revocations,
            audit,
            clock,
            entropy,
        }
    }

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn register(
        &self,
        account: NewAccount,
        device: &Device,
    ) -> Result<Registered, Failure> {
        let event = self.audit.event(EventKind::Registration).device(device);
        if self.registration == Registration::Closed {
            self.audit.record(event.refused("closed"));
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
            Added::Added => {
                self.audit.record(event.user(&user.id));
                Ok(Registered::User(user))
            }
            Added::NameTaken => {
                self.audit.record(event.refused("name_taken"));
                Ok(Registered::NameTaken)
            }
            Added::EmailTaken => {
                self.audit.record(event.refused("email_taken"));
                Ok(match self.registration {
                    Registration::Discreet => Registered::User(user),
                    Registration::Open | Registration::Closed => Registered::EmailTaken,
                })
            }
            Added::IdTaken => Err(Failure::Internal("a new user id is taken".into())),
        }
    }

    /// The user of this e-mail address, if this is their password and they are not disabled. An
    /// unknown address, a wrong password, a disabled user and one without a password take the
    /// same time and give the same answer, and count the same.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn check_password(
        &self,
        email: String,
        password: Password,
        known: Option<&KnownDevice>,
        device: &Device,
    ) -> Result<PasswordCheck, Failure> {
        let event = self.audit.event(EventKind::SignIn).device(device);
        let of_account = target(&["account", &email.to_lowercase()]);
        // While it lasts, a storm costs nothing but this look; the first refusal is in the trail.
        if known.is_none()
            && let Some(wait) = self.refused.wait(of_account, self.clock.now())
        {
            self.audit.metrics().sign_in("rate_limited");
            return Ok(PasswordCheck::TooMany { wait });
        }
        let user = self
            .store
            .read(move |c| users::find_by_email(c, &email))
            .await?;
        let event = match &user {
            Some(user) => event.user(&user.id),
            None => event,
        };
        // Strangers do not count against a device on which this user has signed in before.
        let known = known.filter(|known| user.as_ref().is_some_and(|user| known.is_of(user)));
        let target = match known {
            Some(known) => target(&["device", known.user_id.as_str(), &known.id]),
            None => of_account,
        };
        if let Attempt::Exhausted { wait } = self.count(target).await? {
            self.audit.record(event.refused("rate_limited"));
            return Ok(PasswordCheck::TooMany { wait });
        }
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let verified = self.hasher.verify(password.clone(), hash.clone()).await?;
        let (user, hash) = match (user, hash) {
            (Some(user), Some(hash)) if verified.is_good() && user.disabled_at.is_none() => {
                (user, hash)
            }
            (user, hash) => {
                let why = match user {
                    None => "email_unknown",
                    Some(user) if user.disabled_at.is_some() => "user_disabled",
                    Some(_) if hash.is_none() => "no_password",
                    Some(_) => "wrong_password",
                };
                self.audit.record(event.refused(why));
                return Ok(PasswordCheck::Refused);
            }
        };
        let (id, counted) = (user.id, self.limit.map(|_| target));
        let hash = match verified {
            Verified::GoodWithNewHash(new) => {
                let (user_id, set) = (id.clone(), new.clone());
                let replace = move |c: &mut _| users::rehash(c, &user_id, &hash, &set);
                match self.store.write(replace).await? {
                    true => new,
                    false => match self.verify_again(&id, password).await? {
                        Some(hash) => hash,
                        None => {
                            self.audit.record(event.refused("overtaken"));
                            return Ok(PasswordCheck::Refused);
                        }
                    },
                }
            }
            Verified::Good | Verified::Wrong => hash,
        };
        Ok(PasswordCheck::Good(CheckedUser { id, hash, counted }))
    }

    /// Another sign-in has replaced the hash meanwhile, or somebody the password.
    async fn verify_again(
        &self,
        id: &UserId,
        password: Password,
    ) -> Result<Option<PasswordHash>, Failure> {
        let id = id.clone();
        let user = self.store.read(move |c| users::find(c, &id)).await?;
        let hash = user.and_then(|user| user.password);
        let verified = self.hasher.verify(password, hash.clone()).await?;
        Ok(hash.filter(|_| verified.is_good()))
    }

    /// Passwords that are being hashed now, and those that wait.
    pub fn hashing(&self) -> (usize, usize) {
        self.hasher.load()
    }

    /// Counts an attempt to guess, on all replicas together.
    async fn count(&self, target: Target) -> Result<Attempt, Failure> {
        let Some(limit) = self.limit else {
            return Ok(Attempt::Allowed);
        };
        let now = self.clock.now();
        let count = move |c: &mut _| attempts::count(c, target, limit, now);
        let attempt = self.store.write(count).await?;
        if let Attempt::Exhausted { wait } = attempt {
            self.refused.note(target, now + wait, now);
        }
        Ok(attempt)
    }
}

/// What attempts are counted for: no two lists of parts give the same.
fn target(parts: &[&str]) -> Target {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    let mut target = [0; 32];
    target.copy_from_slice(hash.finish().as_ref());
    Target(target)
}

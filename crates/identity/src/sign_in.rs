//! Signing in: one use-case, from credentials and a device to a session.

mod attempts;
mod confirm;
mod known_device;
mod password;

use std::sync::Arc;
use std::time::Duration;

use password::Proof;
use store::Actor;
use store::attempts::{Attempt, Target};
use store::events::{Cause, Event, EventKind};
use store::sessions::{self, Device, Opened};
use store::users::{self, User};

use crate::credentials::{Password, PasswordHasher};
use crate::failure::Failure;
use crate::ports::Ports;
use crate::sessions::{Sessions, TokenPair};
use crate::tokens::{DeviceToken, DeviceTokens, KnownDevice};

pub use attempts::AccountAttempts;
pub use confirm::{PasswordConfirmation, Unconfirmed};

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The email address, as it was typed.
    pub email: String,
    /// The password.
    pub password: Password,
}

/// The outcome of an attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// The user is signed in.
    SignedIn(SignedIn),
    /// The credentials are wrong, or the user may not sign in. It does not say which.
    Refused,
    /// There were too many attempts. The credentials were not checked.
    RateLimited {
        /// How long to wait.
        wait: Duration,
    },
}

/// A session that was opened by signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Its tokens.
    pub tokens: TokenPair,
    /// The token by which this device is known at the next sign-in.
    pub device_token: DeviceToken,
}

/// Signs users in.
pub struct SignIn {
    ports: Ports,
    hasher: Arc<PasswordHasher>,
    attempts: Arc<AccountAttempts>,
    sessions: Arc<Sessions>,
    device_tokens: Arc<DeviceTokens>,
}

impl SignIn {
    /// Signs users in with these parts.
    pub fn new(
        ports: Ports,
        hasher: Arc<PasswordHasher>,
        attempts: Arc<AccountAttempts>,
        sessions: Arc<Sessions>,
        device_tokens: Arc<DeviceTokens>,
    ) -> Self {
        Self {
            ports,
            hasher,
            attempts,
            sessions,
            device_tokens,
        }
    }

    /// Signs a user in, on a device that presented the tokens of `known`.
    ///
    /// An unknown email address, a wrong password, a disabled user and a user without a password take
    /// the same time, have the same outcome, and count the same.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn sign_in(
        &self,
        credentials: Credentials,
        known: Option<&KnownDevice>,
        device: Device,
    ) -> Result<SignInOutcome, Failure> {
        let Credentials { email, password } = credentials;
        let event = self.ports.audit.event(EventKind::SignIn).device(&device);
        let account = attempts::account(&email);
        // While many attempts are refused, each costs only this check; the first is in the audit trail.
        if known.is_none()
            && let Some(wait) = self.attempts.known_wait(account)
        {
            self.ports.audit.metrics().sign_in(Some(Cause::RateLimited));
            return Ok(SignInOutcome::RateLimited { wait });
        }
        let find = move |c: &mut _| users::find_by_email(c, &email);
        let user = self.ports.store.read(find).await?;
        let event = match &user {
            Some(user) => event.user(&user.id),
            None => event,
        };
        let target = known_device::of(user.as_ref(), known).map_or(account, known_device::target);
        if let Attempt::Exhausted { wait } = self.attempts.count(target).await? {
            self.ports.audit.record(event.refused(Cause::RateLimited));
            return Ok(SignInOutcome::RateLimited { wait });
        }
        match self.prove_password(user, password).await? {
            Ok(proof) => self.open_session(proof, target, known, device, event).await,
            Err(cause) => Ok(self.refuse(event, cause)),
        }
    }

    /// Opens a session, if what was proven still holds.
    async fn open_session(
        &self,
        proof: Proof,
        target: Target,
        known: Option<&KnownDevice>,
        device: Device,
        event: Event,
    ) -> Result<SignInOutcome, Failure> {
        let Proof { user_id, hash, amr } = proof;
        let now = self.ports.clock.now();
        let entropy = &*self.ports.entropy;
        let device_token = self
            .device_tokens
            .issue(&user_id, &hash, known, now, entropy)?;
        let new = self.sessions.new_session(user_id.clone(), amr, device, now);
        let counted = self.attempts.is_limited().then_some(target);
        let open = move |c: &mut _| {
            let opened = sessions::sign_in(c, new, &hash)?;
            if let (Opened::Session(..), Some(target)) = (&opened, counted) {
                store::attempts::forget(c, target)?;
            }
            Ok(opened)
        };
        match self.ports.store.transaction(open).await? {
            Opened::Session(session, revoked) => {
                let event = event.actor(&Actor::User(user_id)).session(session.id);
                self.ports.audit.record(event);
                Ok(SignInOutcome::SignedIn(SignedIn {
                    tokens: self.sessions.opened(&session, revoked, now)?,
                    device_token,
                }))
            }
            Opened::UserUnknown | Opened::UserDisabled | Opened::PasswordChanged => {
                Ok(self.refuse(event, Cause::Overtaken))
            }
        }
    }

    fn refuse(&self, event: Event, cause: Cause) -> SignInOutcome {
        self.ports.audit.record(event.refused(cause));
        SignInOutcome::Refused
    }

    async fn find(&self, id: store::users::UserId) -> Result<Option<User>, Failure> {
        self.ports.store.read(move |c| users::find(c, &id)).await
    }
}

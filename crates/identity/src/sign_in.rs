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
use crate::email::Email;
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

/// What comes along with an attempt to sign in.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Where the attempt comes from.
    pub device: Device,
    /// The devices whose tokens it presented: its own, and some that may have been planted.
    pub known: Vec<KnownDevice>,
    /// The refresh tokens that it presented. The new session replaces theirs.
    pub refresh_tokens: Vec<String>,
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

    /// Signs a user in.
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
        browser: Browser,
    ) -> Result<SignInOutcome, Failure> {
        let Credentials { email, password } = credentials;
        // In another form it is still the same address; what is none is nobody's.
        let email = Email::parse(&email).map_or(email, String::from);
        let account = attempts::account(&email);
        if let Some(refusal) = self.attempts.known_refusal(account) {
            let may_be_known =
                |device: &KnownDevice| Some(&device.user_id) == refusal.user_id.as_ref();
            if !browser.known.iter().any(may_be_known) {
                return Ok(self.refuse_again(refusal.wait, &browser.device));
            }
        }
        let event = self.ports.audit.event(EventKind::SignIn);
        let event = event.device(&browser.device);
        let address = email.clone();
        let find = move |c: &mut _| users::find_by_email(c, &address);
        let user = self.ports.store.read(find).await?;
        let event = match &user {
            Some(user) => event.user(&user.id),
            None => event,
        };
        let known = known_device::of(user.as_ref(), &browser.known);
        let target = known.map_or(account, known_device::target);
        if let Some(refusal) = self.attempts.known_refusal(target) {
            return Ok(self.refuse_again(refusal.wait, &browser.device));
        }
        let user_id = user.as_ref().map(|user| &user.id);
        if let Attempt::Exhausted { wait } = self.attempts.count(target, user_id).await? {
            self.attempts.record_refusal(browser.device.ip.as_deref());
            self.ports.audit.record(event.refused(Cause::RateLimited));
            return Ok(SignInOutcome::RateLimited { wait });
        }
        match self.prove_password(&email, user, password).await? {
            Ok(proof) => self.open_session(proof, target, browser, event).await,
            Err(cause) => Ok(self.refuse(event, cause)),
        }
    }

    /// Opens a session, if what was proven still holds.
    async fn open_session(
        &self,
        proof: Proof,
        target: Target,
        browser: Browser,
        event: Event,
    ) -> Result<SignInOutcome, Failure> {
        let Proof { user_id, hash, amr } = proof;
        let method = amr.join(" ");
        let now = self.ports.clock.now();
        let entropy = &*self.ports.entropy;
        let known = browser.known.iter().find(|known| known.user_id == user_id);
        let device_token = self
            .device_tokens
            .issue(&user_id, &hash, known, now, entropy)?;
        let sessions = &self.sessions;
        let replaces = sessions.presented_ids(&browser.refresh_tokens).await?;
        let (user, device) = (user_id.clone(), browser.device);
        let new = sessions.new_session(user, amr, None, device, replaces, now);
        let clock = self.ports.clock.clone();
        let counted = self.attempts.is_limited().then_some(target);
        let open = move |c: &mut _| {
            let opened = sessions::sign_in(c, &new, &hash, &|| clock.now())?;
            if let (Opened::Session(..), Some(target)) = (&opened, counted) {
                store::attempts::forget(c, target)?;
            }
            Ok(opened)
        };
        match self.ports.store.transaction(open).await? {
            Opened::Session(session, revoked) => {
                let event = event.actor(&Actor::User(user_id)).session(session.id);
                self.ports.audit.record(event.subject(method));
                Ok(SignInOutcome::SignedIn(SignedIn {
                    tokens: self.sessions.opened(&session, &revoked, now)?,
                    device_token,
                }))
            }
            Opened::UserUnknown | Opened::UserDisabled | Opened::PasswordChanged => {
                Ok(self.refuse(event, Cause::Overtaken))
            }
        }
    }

    /// Another refusal in a row: it costs next to nothing, and has no event of its own.
    fn refuse_again(&self, wait: Duration, device: &Device) -> SignInOutcome {
        self.attempts.record_refusal(device.ip.as_deref());
        self.ports.audit.metrics().sign_in(Some(Cause::RateLimited));
        SignInOutcome::RateLimited { wait }
    }

    fn refuse(&self, event: Event, cause: Cause) -> SignInOutcome {
        self.ports.audit.record(event.refused(cause));
        SignInOutcome::Refused
    }

    async fn find(&self, id: store::users::UserId) -> Result<Option<User>, Failure> {
        self.ports.store.read(move |c| users::find(c, &id)).await
    }
}

//! Signing in: one use-case, from credentials and a device to a session.

mod attempts;
mod confirm;
mod known_device;
mod mailed;
mod password;

use std::sync::Arc;
use std::time::Duration;

use store::attempts::{Attempt, Target};
use store::challenges::{Challenge, ChallengeKind};
use store::events::{Cause, Event, EventKind};
use store::outbox::MailKind;
use store::sessions::{self, Device, Opened, Revoked, Session};
use store::user_changes::{self, Proof as MailedProof, Proven};
use store::users::{self, PasswordHash, User};
use store::{Actor, AnyConnection, Now, StoreError};

use crate::credentials::{Password, PasswordHasher};
use crate::email::Email;
use crate::failure::Failure;
use crate::mail::{Asking, Letter, Mailing};
use crate::ports::Ports;
use crate::sessions::{Revocations, Sessions, TokenPair};
use crate::tokens::{DeviceToken, DeviceTokens, KnownDevice};

pub use attempts::AccountAttempts;
pub use confirm::{PasswordConfirmation, Unconfirmed};
pub use mailed::{Mailed, MailedOutcome};

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
    /// Who asks for a mail, if one must be sent.
    pub asking: Asking,
}

/// The outcome of an attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// The user is signed in.
    SignedIn(SignedIn),
    /// The credentials are wrong, or the user may not sign in. It does not say which.
    Refused,
    /// The credentials are right, but the user must prove their address first. They got a mail, unless they got
    /// too many.
    EmailUnverified,
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

/// The rules of signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInRules {
    /// Whether users must have proven their address.
    pub only_verified: bool,
    /// Whether a mailed code or link suffices.
    pub by_mail: bool,
}

/// What a user has proven.
struct Proof {
    user: User,
    evidence: Evidence,
    /// How they proved it (RFC 8176).
    amr: Vec<String>,
}

/// What they have proven it by. It is checked again when the session is opened.
#[derive(Clone)]
enum Evidence {
    /// A password of this hash.
    Password(PasswordHash),
    /// A mail.
    Mailed(Challenge),
}

/// A new device that signs in within this time after the user was added is the one of the registration.
const FIRST_DEVICE: Duration = Duration::from_secs(3600);

/// Signs users in.
pub struct SignIn {
    ports: Ports,
    hasher: Arc<PasswordHasher>,
    attempts: Arc<AccountAttempts>,
    sessions: Arc<Sessions>,
    device_tokens: Arc<DeviceTokens>,
    revocations: Revocations,
    mailing: Mailing,
    rules: SignInRules,
}

impl SignIn {
    /// Signs users in with these parts.
    pub fn new(
        ports: Ports,
        hasher: Arc<PasswordHasher>,
        attempts: Arc<AccountAttempts>,
        sessions: Arc<Sessions>,
        device_tokens: Arc<DeviceTokens>,
        revocations: Revocations,
        (mailing, rules): (Mailing, SignInRules),
    ) -> Self {
        Self {
            ports,
            hasher,
            attempts,
            sessions,
            device_tokens,
            revocations,
            mailing,
            rules,
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
            Ok(proof) if self.rules.only_verified && proof.user.email_verified_at.is_none() => {
                self.ask_for_proof(&proof.user, browser.asking).await?;
                self.ports
                    .audit
                    .record(event.refused(Cause::EmailUnverified));
                Ok(SignInOutcome::EmailUnverified)
            }
            Ok(proof) => self.open_session(proof, Some(target), browser, event).await,
            Err(cause) => Ok(self.refuse(event, cause)),
        }
    }

    /// Sends a mail with which the user proves their address, unless they got too many.
    async fn ask_for_proof(&self, user: &User, asking: Asking) -> Result<(), Failure> {
        let kind = MailKind::VerifyEmail;
        if self.mailing.limit.count(kind, &user.email).await? != Attempt::Allowed {
            return Ok(());
        }
        let asked = asking.about(Some(user), &user.email);
        let letter = self
            .mailing
            .outbox
            .ask(kind, ChallengeKind::VerifyEmail, asked);
        self.ports.store.transaction(move |c| letter.post(c)).await
    }

    /// Opens a session, if what was proven still holds, and forgets the attempts at `target`.
    async fn open_session(
        &self,
        proof: Proof,
        target: Option<Target>,
        browser: Browser,
        event: Event,
    ) -> Result<SignInOutcome, Failure> {
        let Proof {
            user,
            evidence,
            amr,
        } = proof;
        let method = amr.join(" ");
        let now = self.ports.clock.now();
        let known = browser.known.iter().find(|known| known.user_id == user.id);
        let notice = self.notice_of_new_device(&user, &browser);
        let sessions = &self.sessions;
        let replaces = sessions.presented_ids(&browser.refresh_tokens).await?;
        let (id, device) = (user.id.clone(), browser.device);
        let new = sessions.new_session(id, amr, None, device, replaces, now);
        let clock = self.ports.clock.clone();
        let counted = target.filter(|_| self.attempts.is_limited());
        let open = move |c: &mut _| {
            let opening = open(c, &new, &evidence, &|| clock.now())?;
            if let (Opened::Session(..), Some(target)) = (&opening.opened, counted) {
                store::attempts::forget(c, target)?;
            }
            if let (Opened::Session(..), Some(notice)) = (&opening.opened, &notice) {
                notice.post(c)?;
            }
            Ok(opening)
        };
        let Opening { opened, proven } = self.ports.store.transaction(open).await?;
        let user = match proven {
            Some(proven) => self.publish(*proven),
            None => user,
        };
        match opened {
            Opened::Session(session, revoked) => {
                let event = event
                    .actor(&Actor::User(user.id.clone()))
                    .session(session.id);
                self.ports.audit.record(event.subject(method));
                self.signed_in(&user, &session, &revoked, known)
                    .map(SignInOutcome::SignedIn)
            }
            Opened::UserUnknown | Opened::UserDisabled | Opened::PasswordChanged => {
                Ok(self.refuse(event, Cause::Overtaken))
            }
        }
    }

    fn signed_in(
        &self,
        user: &User,
        session: &Session,
        revoked: &[Revoked],
        known: Option<&KnownDevice>,
    ) -> Result<SignedIn, Failure> {
        let (now, entropy) = (self.ports.clock.now(), &*self.ports.entropy);
        let hash = user.password.as_ref();
        Ok(SignedIn {
            tokens: self.sessions.opened(session, revoked, now)?,
            device_token: self
                .device_tokens
                .issue(&user.id, hash, known, now, entropy)?,
        })
    }

    /// A notice, if the user has not signed in on this device before, and did not just register.
    fn notice_of_new_device(&self, user: &User, browser: &Browser) -> Option<Letter> {
        let is_known = browser.known.iter().any(|device| device.belongs_to(user));
        let now = self.ports.clock.now();
        let is_first = now.since(user.created_at) < FIRST_DEVICE;
        let notice = || {
            self.mailing
                .outbox
                .notice(MailKind::NewDevice, user, &browser.device)
        };
        (!is_known && !is_first).then(notice).flatten()
    }

    /// Publishes what the first proof of an address changed, and returns the user.
    fn publish(&self, proven: Proven) -> User {
        if let Some(claims) = proven.claims {
            self.revocations.publish_claims(claims);
        }
        if let Some(revoked) = &proven.revoked {
            self.revocations.publish(revoked, None);
        }
        proven.user
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

/// A session that was opened, or why none was, and what a mail has proven.
struct Opening {
    opened: Opened,
    proven: Option<Box<Proven>>,
}

fn open(
    c: &mut AnyConnection,
    new: &sessions::NewSession,
    evidence: &Evidence,
    now: Now,
) -> Result<Opening, StoreError> {
    let challenge = match evidence {
        Evidence::Password(hash) => {
            let opened = sessions::sign_in(c, new, hash, now)?;
            return Ok(Opening {
                opened,
                proven: None,
            });
        }
        Evidence::Mailed(challenge) => challenge,
    };
    match user_changes::take_over(c, challenge, now)? {
        MailedProof::Accepted(proven) => Ok(Opening {
            opened: sessions::issue(c, new, now)?,
            proven: Some(proven),
        }),
        MailedProof::Invalid | MailedProof::EmailTaken => Ok(Opening {
            opened: Opened::PasswordChanged,
            proven: None,
        }),
    }
}

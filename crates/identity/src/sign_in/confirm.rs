//! Proving the password again inside a session: somebody else could be using the device.

use std::sync::Arc;
use std::time::Duration;

use store::attempts::Attempt;
use store::events::{Cause, Event};
use store::users::{PasswordHash, User};

use super::attempts::{AccountAttempts, KnownRefusal};
use crate::audit::Audit;
use crate::credentials::{Password, PasswordHasher};
use crate::failure::Failure;
use crate::target::target;

/// Why a user could not confirm an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// The password is wrong, or the user has none.
    WrongPassword,
    /// There were too many attempts.
    RateLimited {
        /// How long to wait.
        wait: Duration,
    },
    /// The user was changed, disabled or deleted meanwhile, so the session was revoked.
    Overtaken,
}

/// Confirms operations with the password of a user who is signed in.
pub struct PasswordConfirmation {
    hasher: Arc<PasswordHasher>,
    attempts: Arc<AccountAttempts>,
    audit: Arc<Audit>,
}

impl PasswordConfirmation {
    /// Confirms with these parts.
    pub fn new(
        hasher: Arc<PasswordHasher>,
        attempts: Arc<AccountAttempts>,
        audit: Arc<Audit>,
    ) -> Self {
        Self {
            hasher,
            attempts,
            audit,
        }
    }

    /// The hash that the password was checked against. A refusal is recorded as that of `event`.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn confirm(
        &self,
        user: &User,
        password: Password,
        event: &Event,
    ) -> Result<Result<PasswordHash, Unconfirmed>, Failure> {
        let target = target(&["password", user.id.as_str()]);
        if let Some(KnownRefusal { wait, .. }) = self.attempts.known_refusal(target) {
            self.attempts.record_refusal(event.ip.as_deref());
            return Ok(Err(Unconfirmed::RateLimited { wait }));
        }
        if let Attempt::Exhausted { wait } = self.attempts.count(target, Some(&user.id)).await? {
            self.attempts.record_refusal(event.ip.as_deref());
            self.audit.record(event.clone().refused(Cause::RateLimited));
            return Ok(Err(Unconfirmed::RateLimited { wait }));
        }
        let verified = self
            .hasher
            .verify(password, user.password.clone(), &user.email);
        let verified = verified.await?;
        match user.password.clone().filter(|_| verified.is_right()) {
            Some(checked) => Ok(Ok(checked)),
            None => {
                self.audit
                    .record(event.clone().refused(Cause::WrongPassword));
                Ok(Err(Unconfirmed::WrongPassword))
            }
        }
    }
}

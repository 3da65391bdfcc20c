//! Passwords, and their hashing: Argon2id on a lane of its own, so that a storm of sign-ins
//! neither starves other requests nor exhausts memory.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use store::users::PasswordHash;
use thiserror::Error;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// Hashes that may wait for a place on the lane.
const QUEUE: usize = 64;

/// A password as somebody typed it. `Debug` does not show it.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// The text will not do as a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have 8 to 128 characters")]
pub struct InvalidPassword;

impl Password {
    /// A password to be set: 8 to 128 characters of any kind (OWASP ASVS 5.0, 6.2).
    ///
    /// # Errors
    ///
    /// [`InvalidPassword`].
    pub fn new(text: String) -> Result<Self, InvalidPassword> {
        let password = Self::attempt(text);
        match password.0.chars().count() {
            8..=128 => Ok(password),
            _ => Err(InvalidPassword),
        }
    }

    /// A password to be checked: whatever was typed.
    pub fn attempt(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Too many passwords are being hashed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many passwords are being hashed")]
pub struct Busy;

/// Hashes and verifies, as many at once as there are processors.
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    entropy: Arc<dyn Entropy>,
    /// Verified where there is no hash, so that it takes the same time.
    decoy: PasswordHash,
}

impl PasswordHasher {
    /// A lane with a place for each processor.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let lanes = std::thread::available_parallelism().map_or(1, usize::from);
        // OWASP's first choice: 19 MiB, two passes, one lane.
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
        let decoy = hash(&argon2, &Password::attempt(String::new()), entropy.bytes());
        Self {
            argon2,
            running: Arc::new(Semaphore::new(lanes)),
            admitted: Arc::new(Semaphore::new(lanes + QUEUE)),
            entropy,
            decoy,
        }
    }

    /// The hash of a password that is being set, with a salt of its own.
    ///
    /// # Errors
    ///
    /// [`Busy`] when the queue is full.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Busy> {
        let argon2 = self.argon2.clone();
        let salt = self.entropy.bytes();
        self.run(move || hash(&argon2, &password, salt)).await
    }

    /// The same as [`hash`](Self::hash), on this thread: for the command line.
    pub fn hash_now(&self, password: &Password) -> PasswordHash {
        hash(&self.argon2, password, self.entropy.bytes())
    }

    /// Whether the password is the one of this hash. Without a hash it never is, and that takes
    /// as long to find out.
    ///
    /// # Errors
    ///
    /// [`Busy`] when the queue is full.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, Busy> {
        let argon2 = self.argon2.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        self.run(move || verify(&argon2, &password, &hash) && known)
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let admitted = self
            .admitted
            .clone()
            .try_acquire_owned()
            .map_err(|_| Busy)?;
        let running = self
            .running
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Busy)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            // Given back when the work is done, not when its caller has lost patience.
            drop((running, admitted));
            result
        })
        .await
        .map_err(|_| Busy)
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").finish_non_exhaustive()
    }
}

#[expect(
    clippy::expect_used,
    reason = "no length of password and no 16-byte salt fails"
)]
fn hash(argon2: &Argon2<'_>, password: &Password, salt: [u8; 16]) -> PasswordHash {
    let hash: phc::PasswordHash = argon2
        .hash_password_with_salt(password.0.as_bytes(), &salt)
        .expect("Argon2id takes this");
    PasswordHash::new(hash.to_string())
}

fn verify(argon2: &Argon2<'_>, password: &Password, hash: &PasswordHash) -> bool {
    argon2
        .verify_password(password.0.as_bytes(), hash.expose())
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FixedEntropy;

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(Arc::new(FixedEntropy::default()))
    }

    fn attempt(text: &str) -> Password {
        Password::attempt(text.to_owned())
    }

    #[actix_rt::test]
    async fn a_password_verifies_against_its_own_hash_alone() {
        let hasher = hasher();
        let hash = hasher.hash(attempt("open sesame")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(
            hasher
                .verify(attempt("open sesame"), Some(hash.clone()))
                .await,
            Ok(true)
        );
        assert_eq!(
            hasher.verify(attempt("open Sesame"), Some(hash)).await,
            Ok(false)
        );
    }

    #[actix_rt::test]
    async fn without_a_hash_not_even_the_decoys_password_verifies() {
        assert_eq!(hasher().verify(attempt(""), None).await, Ok(false));
    }

    #[actix_rt::test]
    async fn a_full_queue_is_busy_at_once() {
        let hasher = hasher();
        let all = hasher.admitted.available_permits().try_into().unwrap();
        let _full = hasher.admitted.clone().try_acquire_many_owned(all).unwrap();
        assert_eq!(hasher.hash(attempt("open sesame")).await, Err(Busy));
        // Without a hash to verify there is work to do as well, and no other answer.
        let hash = PasswordHash::new("$argon2id$".to_owned());
        for hash in [None, Some(hash)] {
            assert_eq!(hasher.verify(attempt("open sesame"), hash).await, Err(Busy));
        }
    }

    #[test]
    fn a_new_password_has_8_to_128_characters() {
        let with = |n: usize| Password::new("ы".repeat(n)).is_ok();
        assert!(!with(7) && with(8) && with(128) && !with(129));
    }

    #[test]
    fn debug_output_shows_no_password() {
        assert!(!format!("{:?}", attempt("sesame")).contains("sesame"));
    }
}

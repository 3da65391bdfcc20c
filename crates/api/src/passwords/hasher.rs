//! Hashing: Argon2id on a lane of its own, so that a storm of sign-ins neither starves other requests
//! nor exhausts memory.

use std::fmt;
use std::sync::Arc;

use argon2::Params;
use store::users::PasswordHash;
use thiserror::Error;

use super::argon2id;
use super::lane::Lane;
use super::scheme::Scheme;
use super::{AcceptedPassword, Password};
use crate::entropy::Entropy;

/// Hashes that may wait for a place on the lane.
const QUEUE: usize = 64;

/// Too many passwords are being hashed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many passwords are being hashed")]
pub struct Busy;

/// What came of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is the password.
    Good,
    /// It is, and its hash is to be replaced by this one: it was easier to guess from than what is
    /// made today.
    GoodWithNewHash(PasswordHash),
    /// It is another.
    Wrong,
}

impl Verified {
    /// Whether it is the password.
    pub fn is_good(&self) -> bool {
        *self != Verified::Wrong
    }
}

/// Hashes and verifies, as many at once as there are processors.
pub struct PasswordHasher {
    params: Params,
    lane: Lane,
    entropy: Arc<dyn Entropy>,
    /// Verified where there is no hash, so that it takes the same time.
    decoy: PasswordHash,
}

impl PasswordHasher {
    /// A lane with a thread for each processor, for hashes with these parameters.
    pub fn new(params: Params, entropy: Arc<dyn Entropy>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let decoy = argon2id::decoy(&params, &entropy.bytes(), &entropy.bytes());
        let decoy = PasswordHash::new(decoy);
        Self {
            params,
            lane: Lane::start(threads, QUEUE),
            entropy,
            decoy,
        }
    }

    /// The hash of a password that is being set, with a salt of its own.
    ///
    /// # Errors
    ///
    /// [`Busy`] when the queue is full.
    pub async fn hash(&self, password: AcceptedPassword) -> Result<PasswordHash, Busy> {
        let params = self.params.clone();
        let salt = self.entropy.bytes();
        self.lane
            .run(move || hash(&params, &password.0, salt))
            .await
    }

    /// The same as [`hash`](Self::hash), on this thread: for the command line.
    pub fn hash_now(&self, password: &AcceptedPassword) -> PasswordHash {
        hash(&self.params, &password.0, self.entropy.bytes())
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
    ) -> Result<Verified, Busy> {
        let params = self.params.clone();
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.clone());
        let salt = self.entropy.bytes();
        let work = move || match known & verify(&password, &hash) {
            true => renew(&params, &password, &hash, salt),
            false => Verified::Wrong,
        };
        self.lane.run(work).await
    }

    /// Hashes that are made at this moment, and those that wait.
    pub fn load(&self) -> (usize, usize) {
        self.lane.load()
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").finish_non_exhaustive()
    }
}

fn hash(params: &Params, password: &Password, salt: [u8; 16]) -> PasswordHash {
    PasswordHash::new(argon2id::hash(params, &password.0, &salt))
}

fn verify(password: &Password, hash: &PasswordHash) -> bool {
    Scheme::parse(hash.expose()).is_ok_and(|scheme| scheme.verify(&password.0))
}

/// The parameters have risen since, or the hash is of another system.
fn renew(params: &Params, password: &Password, old: &PasswordHash, salt: [u8; 16]) -> Verified {
    let scheme = Scheme::parse(old.expose());
    match scheme.is_ok_and(|scheme| scheme.is_at_least(params)) {
        true => Verified::Good,
        false => Verified::GoodWithNewHash(hash(params, password, salt)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FixedEntropy;

    fn hasher_with(params: Params) -> PasswordHasher {
        PasswordHasher::new(params, Arc::new(FixedEntropy::default()))
    }

    fn hasher() -> PasswordHasher {
        hasher_with(Params::DEFAULT)
    }

    fn attempt(text: &str) -> Password {
        Password::attempt(text.to_owned())
    }

    fn accepted(text: &str) -> AcceptedPassword {
        attempt(text).accept("", "").unwrap()
    }

    #[actix_rt::test]
    async fn a_password_verifies_against_its_own_hash_alone() {
        let hasher = hasher();
        let hash = hasher.hash(accepted("open sesame")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let verify = async |text| hasher.verify(attempt(text), Some(hash.clone())).await;
        assert_eq!(verify("open sesame").await, Ok(Verified::Good));
        assert_eq!(verify("open Sesame").await, Ok(Verified::Wrong));
    }

    #[actix_rt::test]
    async fn without_a_hash_no_password_verifies() {
        let verified = hasher().verify(attempt(""), None).await;
        assert_eq!(verified, Ok(Verified::Wrong));
    }

    #[actix_rt::test]
    async fn a_hash_that_is_weaker_than_todays_is_replaced() {
        let of = |memory, passes| Params::new(memory, passes, 1, None).unwrap();
        let old = hasher_with(of(1024, 2));
        let hash = old.hash(accepted("open sesame")).await.unwrap();
        for (params, replaced) in [
            (of(1024, 2), false),
            (of(512, 1), false),
            (of(2048, 2), true),
            (of(1024, 3), true),
        ] {
            let now = hasher_with(params.clone());
            let verified = now.verify(attempt("open sesame"), Some(hash.clone()));
            match verified.await.unwrap() {
                Verified::GoodWithNewHash(new) if replaced => {
                    let again = now.verify(attempt("open sesame"), Some(new)).await;
                    assert_eq!(again, Ok(Verified::Good));
                }
                verified => assert!(!replaced && verified == Verified::Good, "{params:?}"),
            }
            let wrong = now.verify(attempt("open Sesame"), Some(hash.clone())).await;
            assert_eq!(wrong, Ok(Verified::Wrong));
        }
    }
}

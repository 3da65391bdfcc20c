//! Hashing with Argon2id on dedicated threads, so that many sign-ins neither starve other requests nor
//! exhaust memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::Params;
use store::users::{self, PasswordHash};
use tokio::time::sleep;

use super::argon2id;
use super::decoys::Decoys;
use super::hashing_queue::HashingQueue;
use super::scheme::Scheme;
use super::{AcceptedPassword, Password};
use crate::async_store::AsyncStore;
use crate::entropy::Entropy;
use crate::failure::Busy;
use crate::keys::MasterKey;

/// Maximum number of hashes that wait for a thread.
const QUEUE: usize = 64;

/// How many hashes are sampled: enough for the shares of their kinds to be right to a few percent.
const SAMPLE: u16 = 1000;

/// How often. Users get new hashes as they sign in.
const SAMPLE_EVERY: Duration = Duration::from_secs(3600);

/// The outcome of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The password is right.
    Right,
    /// The password is right, and its hash should be replaced by this one, which is harder to attack.
    RightWithNewHash(PasswordHash),
    /// The password is wrong.
    Wrong,
}

impl Verified {
    /// Whether the password is right.
    pub fn is_right(&self) -> bool {
        *self != Verified::Wrong
    }
}

/// Hashes and verifies passwords, as many at once as there are processors.
pub struct PasswordHasher {
    params: Params,
    queue: HashingQueue,
    entropy: Arc<dyn Entropy>,
    decoys: Decoys,
}

impl PasswordHasher {
    /// Starts a thread for each processor; new hashes have these parameters. The master key chooses what
    /// is verified where there is no hash.
    pub fn new(params: Params, entropy: Arc<dyn Entropy>, master_key: &MasterKey) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            queue: HashingQueue::start(threads, QUEUE),
            decoys: Decoys::new(&params, &*entropy, master_key),
            params,
            entropy,
        }
    }

    /// Keeps a sample of the hashes of users until the service stops: what is verified where there is none.
    pub async fn follow_hashes(self: Arc<Self>, store: AsyncStore) {
        loop {
            match store.poll(|c| users::sample_hashes(c, SAMPLE)).await {
                Ok(hashes) => self.decoys.use_sample(hashes),
                Err(failure) => log::warn!("cannot sample password hashes: {failure}"),
            }
            sleep(SAMPLE_EVERY).await;
        }
    }

    /// Hashes a password with a new salt.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn hash(&self, password: AcceptedPassword) -> Result<PasswordHash, Busy> {
        let params = self.params.clone();
        let salt = self.entropy.bytes();
        self.queue
            .run(move || hash(&params, &password.0, salt))
            .await
    }

    /// Verifies a password against the hash of the user who has this address. Without a hash it is always
    /// wrong, which takes as long to find out.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        address: &str,
    ) -> Result<Verified, Busy> {
        let params = self.params.clone();
        let known = hash.is_some();
        let decoy = self.decoys.choose(address);
        let hash = hash.unwrap_or(decoy);
        let salt = self.entropy.bytes();
        let work = move || match verify(&password, &hash) {
            matched if known && matched != Match::No => {
                renew(&params, &password, &hash, matched, salt)
            }
            _ => Verified::Wrong,
        };
        self.queue.run(work).await
    }

    /// Passwords that are being hashed, and passwords that wait.
    pub fn load(&self) -> (usize, usize) {
        self.queue.load()
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").finish_non_exhaustive()
    }
}

fn hash(params: &Params, password: &Password, salt: [u8; 16]) -> PasswordHash {
    PasswordHash::new(argon2id::hash(params, password.opaque(), &salt))
}

/// How a password matches a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// In the form that is hashed here.
    Opaque,
    /// As it was typed.
    Typed,
    No,
}

/// What differs from how it was typed takes two hashes, whether or not there is a user.
fn verify(password: &Password, hash: &PasswordHash) -> Match {
    let Ok(scheme) = Scheme::parse(hash.expose()) else {
        return Match::No;
    };
    match (scheme.verify(password.opaque()), password.typed()) {
        (true, _) => Match::Opaque,
        (false, Some(typed)) if scheme.verify(typed) => Match::Typed,
        (false, _) => Match::No,
    }
}

/// Whether the hash should be replaced: the parameters have risen since, or another system made it.
fn renew(
    params: &Params,
    password: &Password,
    old: &PasswordHash,
    matched: Match,
    salt: [u8; 16],
) -> Verified {
    let scheme = Scheme::parse(old.expose());
    // A new hash would be of the whole password, whose end may be wrong.
    let stays = |scheme: Scheme<'_>| {
        let is_good = matched == Match::Opaque && scheme.is_at_least(params);
        is_good || scheme.ignores_the_end_of(password.opaque())
    };
    match scheme.is_ok_and(stays) {
        true => Verified::Right,
        false => Verified::RightWithNewHash(hash(params, password, salt)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FixedEntropy;

    fn hasher_with(params: Params) -> PasswordHasher {
        let master_key = MasterKey::from_bytes([1; 32]);
        PasswordHasher::new(params, Arc::new(FixedEntropy::default()), &master_key)
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

    #[tokio::test]
    async fn a_password_verifies_only_against_its_hash() {
        let hasher = hasher();
        let hash = hasher.hash(accepted("open sesame")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let verify = async |text| hasher.verify(attempt(text), Some(hash.clone()), "").await;
        assert_eq!(verify("open sesame").await, Ok(Verified::Right));
        assert_eq!(verify("open Sesame").await, Ok(Verified::Wrong));
    }

    #[tokio::test]
    async fn a_password_verifies_from_every_keyboard_and_as_another_system_hashed_it() {
        let hasher = hasher();
        let (composed, decomposed) = (
            "ma\u{f1}ana ma\u{f1}ana",
            "man\u{303}ana\u{a0}man\u{303}ana",
        );
        for (set, typed) in [(composed, decomposed), (decomposed, composed)] {
            let hash = hasher.hash(accepted(set)).await.unwrap();
            let verified = hasher.verify(attempt(typed), Some(hash), "").await;
            assert_eq!(verified, Ok(Verified::Right));
        }
        // Of the bytes as they were typed there.
        let elsewhere = argon2id::hash(&Params::DEFAULT, decomposed, &[7; 16]);
        let hash = Some(PasswordHash::new(elsewhere));
        let verified = hasher.verify(attempt(decomposed), hash.clone(), "").await;
        let Ok(Verified::RightWithNewHash(new)) = verified else {
            panic!("{verified:?}");
        };
        let verified = hasher.verify(attempt(composed), Some(new), "").await;
        assert_eq!(verified, Ok(Verified::Right));
        let verified = hasher.verify(attempt("manana manana"), hash, "").await;
        assert_eq!(verified, Ok(Verified::Wrong));
    }

    #[tokio::test]
    async fn without_a_hash_no_password_verifies() {
        let verified = hasher().verify(attempt(""), None, "").await;
        assert_eq!(verified, Ok(Verified::Wrong));
    }

    #[tokio::test]
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
            let verified = now.verify(attempt("open sesame"), Some(hash.clone()), "");
            match verified.await.unwrap() {
                Verified::RightWithNewHash(new) if replaced => {
                    let again = now.verify(attempt("open sesame"), Some(new), "").await;
                    assert_eq!(again, Ok(Verified::Right));
                }
                verified => assert!(!replaced && verified == Verified::Right, "{params:?}"),
            }
            let wrong = now
                .verify(attempt("open Sesame"), Some(hash.clone()), "")
                .await;
            assert_eq!(wrong, Ok(Verified::Wrong));
        }
    }

    #[tokio::test]
    async fn a_bcrypt_hash_that_ignores_the_end_of_a_password_is_not_replaced() {
        let hasher = hasher();
        let hash = bcrypt::hash("x".repeat(72), 4).unwrap();
        let verify = async |text: String| {
            let hash = Some(PasswordHash::new(hash.clone()));
            hasher.verify(attempt(&text), hash, "").await.unwrap()
        };
        let replaced = verify("x".repeat(72)).await;
        assert!(matches!(replaced, Verified::RightWithNewHash(_)));
        for longer in [73, 100] {
            assert_eq!(verify("x".repeat(longer)).await, Verified::Right);
        }
        assert_eq!(verify("x".repeat(71)).await, Verified::Wrong);
    }
}

//! What is verified where a user has no password hash, or where there is no user. It must take as long as
//! it would for a user who exists; and hashes take different times, if some were imported or made with
//! lower parameters. So decoys are hashes of users: each address has its place among them, which nobody
//! can predict, and gets a hash of the class that is there.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use argon2::Params;
use ring::hmac;
use store::users::PasswordHash;

use super::argon2id;
use super::scheme::Scheme;
use crate::entropy::Entropy;
use crate::keys::MasterKey;

/// Hashes to verify for addresses that have none.
pub(super) struct Decoys {
    /// The same on all replicas and after a restart. Otherwise, an address that changes its class there
    /// would be nobody's.
    key: hmac::Key,
    /// Where there are no users.
    default: PasswordHash,
    /// Sorted by class.
    sample: RwLock<Vec<PasswordHash>>,
}

impl Decoys {
    pub(super) fn new(params: &Params, entropy: &dyn Entropy, master_key: &MasterKey) -> Self {
        let default = argon2id::decoy(params, &entropy.bytes(), &entropy.bytes());
        let key = master_key.derive("places of decoys v1");
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &*key),
            default: PasswordHash::new(default),
            sample: RwLock::default(),
        }
    }

    /// Takes a new sample of the hashes of users.
    pub(super) fn use_sample(&self, hashes: Vec<PasswordHash>) {
        let mut classed: Vec<_> = hashes
            .into_iter()
            .filter_map(|hash| {
                let class = Scheme::parse(hash.expose()).ok()?.class();
                Some((class, hash))
            })
            .collect();
        classed.sort_by(|(a, _), (b, _)| a.cmp(b));
        let sorted = classed.into_iter().map(|(_, hash)| hash).collect();
        *self.sample.write().unwrap_or_else(PoisonError::into_inner) = sorted;
    }

    /// The decoy of an address: always of the same class, as long as the classes have the same shares.
    pub(super) fn choose(&self, address: &str) -> PasswordHash {
        let tag = hmac::sign(&self.key, address.to_lowercase().as_bytes());
        let place = tag.as_ref()[..4]
            .iter()
            .fold(0, |place, byte| place << 8 | u64::from(*byte));
        let sample = self.sample.read().unwrap_or_else(PoisonError::into_inner);
        let count = u64::try_from(sample.len()).unwrap_or(0);
        // As a fraction of the sample.
        let index = usize::try_from((place * count) >> 32).unwrap_or(0);
        sample.get(index).unwrap_or(&self.default).clone()
    }
}

impl fmt::Debug for Decoys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{FixedEntropy, SystemEntropy};

    fn decoys() -> Decoys {
        decoys_of(&MasterKey::from_bytes([1; 32]), &FixedEntropy::default())
    }

    fn decoys_of(master_key: &MasterKey, entropy: &dyn Entropy) -> Decoys {
        Decoys::new(&Params::DEFAULT, entropy, master_key)
    }

    /// Hashes of two classes, with different salts.
    fn hashes(weak: usize, strong: usize) -> Vec<PasswordHash> {
        let hash = |kib: u32, n: usize| {
            let out = "A".repeat(43);
            PasswordHash::new(format!(
                "$argon2id$v=19$m={kib},t=2,p=1$c2FsdHNhb{n:03}${out}"
            ))
        };
        let weak = (100..100 + weak).map(|n| hash(1024, n));
        weak.chain((100..100 + strong).map(|n| hash(2048, n)))
            .collect()
    }

    fn weak(decoys: &Decoys) -> Vec<bool> {
        (0..2000)
            .map(|n| decoys.choose(&format!("nobody{n}@example.org")))
            .map(|hash| hash.expose().contains("m=1024"))
            .collect()
    }

    #[test]
    fn unknown_addresses_have_the_classes_of_known_ones_in_their_shares() {
        let decoys = decoys();
        decoys.use_sample(hashes(30, 10));
        let before = weak(&decoys);
        let share = before.iter().filter(|weak| **weak).count();
        assert!((1400..1600).contains(&share), "{share} of 2000");
        // Of another sample with the same shares, each address gets the same class.
        decoys.use_sample(hashes(300, 100).into_iter().rev().collect());
        assert_eq!(weak(&decoys), before);
        // As users get new hashes, addresses do, and none goes back.
        decoys.use_sample(hashes(10, 30));
        let after = weak(&decoys);
        assert!(
            before
                .iter()
                .zip(&after)
                .all(|(before, after)| before >= after)
        );
        assert!(after.iter().filter(|weak| **weak).count() < 600);
    }

    #[test]
    fn the_classes_are_the_same_after_a_restart_and_on_other_replicas() {
        let started = |master_key: u8| {
            let master_key = MasterKey::from_bytes([master_key; 32]);
            let decoys = decoys_of(&master_key, &SystemEntropy::default());
            decoys.use_sample(hashes(30, 10));
            weak(&decoys)
        };
        assert_eq!(started(1), started(1));
        assert_ne!(started(1), started(2));
    }

    #[test]
    fn the_case_of_an_address_changes_nothing() {
        let decoys = decoys();
        assert!(
            decoys
                .choose("a@example.org")
                .expose()
                .contains("m=19456,t=2")
        );
        decoys.use_sample(hashes(50, 50));
        let lower = decoys.choose("nobody@example.org");
        assert_eq!(decoys.choose("Nobody@EXAMPLE.org"), lower);
    }
}

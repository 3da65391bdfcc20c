//! How strong a password hash is, by the recommendations of OWASP (Password Storage Cheat Sheet).

use argon2::Params;

use super::scheme::{Scheme, bcrypt_cost};

/// The least parameters of Argon2id: pairs of passes and KiB.
const LEAST_ARGON2: [(u32, u32); 5] = [(5, 7168), (4, 9216), (3, 12288), (2, 19456), (1, 47104)];
const LEAST_PBKDF2_ROUNDS: u32 = 600_000;
const LEAST_BCRYPT_COST: u32 = 10;
/// N times r times p.
const LEAST_SCRYPT_COST: u64 = 1 << 20;

/// Whether Argon2 with these parameters is as strong as OWASP recommends.
pub fn argon2_suffices(kib: u32, passes: u32) -> bool {
    LEAST_ARGON2
        .iter()
        .any(|(least_passes, least_kib)| passes >= *least_passes && kib >= *least_kib)
}

/// What is weak about a hash, by the recommendations of OWASP; `None` if it suffices.
pub fn weakness(text: &str) -> Option<String> {
    let scheme = Scheme::parse(text).ok()?;
    match scheme.suffices() {
        true => None,
        false => Some(scheme.class()),
    }
}

impl Scheme<'_> {
    fn suffices(&self) -> bool {
        match self {
            Self::Argon2(hash) => Params::try_from(hash)
                .is_ok_and(|params| argon2_suffices(params.m_cost(), params.t_cost())),
            Self::Pbkdf2 { rounds, .. } => rounds.get() >= LEAST_PBKDF2_ROUNDS,
            Self::Bcrypt(hash) | Self::BcryptSha256(hash) => bcrypt_cost(hash) >= LEAST_BCRYPT_COST,
            Self::Scrypt { params, .. } => {
                let blocks = u64::from(params.r()) * u64::from(params.p());
                (blocks << params.log_n()) >= LEAST_SCRYPT_COST
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheme::tests::{HASHES, argon2};
    use super::*;

    #[test]
    fn a_hash_below_the_recommendations_is_weak() {
        let bcrypt = |cost: &str| HASHES[5].replacen("$06$", cost, 1);
        for (hash, weakness_) in [
            (argon2(19456, 2), None),
            (argon2(7168, 5), None),
            (argon2(19455, 2), Some("argon2id with m=19455,t=2,p=1")),
            (argon2(7167, 9), Some("argon2id with m=7167,t=9,p=1")),
            (argon2(47103, 1), Some("argon2id with m=47103,t=1,p=1")),
            (HASHES[0].to_owned(), None),
            (
                HASHES[0].replacen("1000000", "260000", 1),
                Some("pbkdf2_sha256 with 260000 rounds"),
            ),
            (bcrypt("$10$"), None),
            (bcrypt("$09$"), Some("bcrypt with cost 9")),
            (HASHES[7].to_owned(), Some("scrypt with N=2^10, r=8, p=2")),
        ] {
            assert_eq!(weakness(&hash).as_deref(), weakness_, "{hash}");
        }
    }
}

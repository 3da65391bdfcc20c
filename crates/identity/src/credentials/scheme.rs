//! The forms of password hashes: ours, and those of systems that users are imported from.

use std::num::NonZeroU32;

use argon2::Params;
use argon2::password_hash::phc;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::argon2id;

/// Why a hash cannot be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidHash {
    /// Its prefix is unknown.
    #[error(
        "unsupported password hash; supported formats are PHC strings of Argon2 and scrypt, bcrypt, and \
         Django's pbkdf2_sha256, argon2, bcrypt_sha256, bcrypt and scrypt"
    )]
    Unknown,
    /// It has a known prefix but is malformed.
    #[error("malformed password hash: cut off or altered")]
    Malformed,
    /// Verifying it would take too much time or memory.
    #[error("the password hash takes too much time or memory to verify")]
    TooCostly,
}

/// Whether a hash from elsewhere can be verified here.
///
/// # Errors
///
/// [`InvalidHash`].
pub fn check_hash(text: &str) -> Result<(), InvalidHash> {
    Scheme::parse(text).map(drop)
}

/// A parsed hash.
#[derive(Debug)]
pub(super) enum Scheme<'a> {
    /// Argon2, any variant.
    Argon2(phc::PasswordHash),
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2 {
        rounds: NonZeroU32,
        salt: &'a str,
        hash: Vec<u8>,
    },
    /// bcrypt of the password.
    Bcrypt(&'a str),
    /// bcrypt of the SHA-256 of the password, in hexadecimal digits.
    BcryptSha256(&'a str),
    /// scrypt.
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
}

/// Upper bounds of the cost of verifying one hash: about two seconds, and this much memory on each
/// processor.
pub const MOST_KIB: u32 = 1 << 18;
/// Of Argon2: memory in KiB times passes.
pub const MOST_ARGON2_COST: u32 = 1 << 21;
const MOST_PBKDF2_ROUNDS: u32 = 5_000_000;
const MOST_BCRYPT_COST: u32 = 15;

/// bcrypt ignores what follows.
const BCRYPT_BYTES: usize = 72;

impl<'a> Scheme<'a> {
    pub(super) fn parse(stored: &'a str) -> Result<Self, InvalidHash> {
        let (scheme, rest) = stored.split_once('$').ok_or(InvalidHash::Unknown)?;
        match scheme {
            "" if rest.starts_with("argon2") => read_argon2(stored),
            "" if rest.starts_with("scrypt$") => read_phc_scrypt(stored),
            "" => read_bcrypt(stored).map(Self::Bcrypt),
            // Django's forms: a name, then the form of others or its own fields.
            "argon2" => read_argon2(&stored["argon2".len()..]),
            "bcrypt" => read_bcrypt(rest).map(Self::Bcrypt),
            "bcrypt_sha256" => read_bcrypt(rest).map(Self::BcryptSha256),
            "pbkdf2_sha256" => read_pbkdf2(rest),
            "scrypt" => read_django_scrypt(rest),
            _ => Err(InvalidHash::Unknown),
        }
    }

    /// Whether this is the hash of the password.
    pub(super) fn verify(&self, password: &str) -> bool {
        let text = password;
        let password = password.as_bytes();
        match self {
            Self::Argon2(hash) => argon2id::verify(hash, text),
            Self::Pbkdf2 { rounds, salt, hash } => {
                let salt = salt.as_bytes();
                pbkdf2::verify(PBKDF2_HMAC_SHA256, *rounds, salt, password, hash).is_ok()
            }
            Self::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Self::BcryptSha256(hash) => {
                let digits: String = digest(&SHA256, password)
                    .as_ref()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                bcrypt::verify(digits, hash).unwrap_or(false)
            }
            Self::Scrypt { params, salt, hash } => {
                let mut derived = vec![0; hash.len()];
                scrypt::scrypt(password, salt, params, &mut derived).is_ok()
                    && derived.ct_eq(hash).into()
            }
        }
    }

    /// What determines the time to verify it, for people and for comparison.
    pub(super) fn class(&self) -> String {
        match self {
            Self::Argon2(hash) => format!("{} with {}", hash.algorithm, hash.params),
            Self::Pbkdf2 { rounds, .. } => format!("pbkdf2_sha256 with {rounds} rounds"),
            Self::Bcrypt(hash) => format!("bcrypt with cost {}", bcrypt_cost(hash)),
            Self::BcryptSha256(hash) => format!("bcrypt_sha256 with cost {}", bcrypt_cost(hash)),
            Self::Scrypt { params, .. } => format!(
                "scrypt with N=2^{}, r={}, p={}",
                params.log_n(),
                params.r(),
                params.p()
            ),
        }
    }

    /// Whether it says nothing about the end of this password.
    pub(super) fn ignores_the_end_of(&self, password: &str) -> bool {
        matches!(self, Self::Bcrypt(_)) && password.len() > BCRYPT_BYTES
    }

    /// Whether it is at least as hard to attack as an Argon2id hash with these parameters.
    pub(super) fn is_at_least(&self, params: &Params) -> bool {
        let Self::Argon2(hash) = self else {
            return false;
        };
        let has = Params::try_from(hash);
        hash.algorithm == argon2::Algorithm::Argon2id.ident()
            && hash.version == Some(argon2::Version::V0x13.into())
            && has
                .is_ok_and(|has| has.m_cost() >= params.m_cost() && has.t_cost() >= params.t_cost())
    }
}

fn read_argon2(text: &str) -> Result<Scheme<'_>, InvalidHash> {
    let hash = phc::PasswordHash::new(text).map_err(|_| InvalidHash::Malformed)?;
    let params = Params::try_from(&hash).map_err(|_| InvalidHash::Malformed)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(InvalidHash::Malformed);
    }
    let cost = params.m_cost().checked_mul(params.t_cost());
    match params.m_cost() <= MOST_KIB && cost.is_some_and(|cost| cost <= MOST_ARGON2_COST) {
        true => Ok(Scheme::Argon2(hash)),
        false => Err(InvalidHash::TooCostly),
    }
}

fn read_bcrypt(text: &str) -> Result<&str, InvalidHash> {
    let known = ["$2a$", "$2b$", "$2y$", "$2x$"];
    if !known.iter().any(|version| text.starts_with(version)) {
        return Err(InvalidHash::Unknown);
    }
    let parts: bcrypt::HashParts = text.parse().map_err(|_| InvalidHash::Malformed)?;
    match parts.get_cost() <= MOST_BCRYPT_COST {
        true => Ok(text),
        false => Err(InvalidHash::TooCostly),
    }
}

/// Of a hash that was parsed before.
pub(super) fn bcrypt_cost(hash: &str) -> u32 {
    let parts = hash.parse::<bcrypt::HashParts>();
    parts.map_or(0, |parts| parts.get_cost())
}

/// `rounds$salt$hash`.
fn read_pbkdf2(text: &str) -> Result<Scheme<'_>, InvalidHash> {
    let [rounds, salt, hash] = fields(text)?;
    let rounds: NonZeroU32 = rounds.parse().map_err(|_| InvalidHash::Malformed)?;
    let hash = STANDARD.decode(hash).map_err(|_| InvalidHash::Malformed)?;
    if hash.len() != 32 {
        return Err(InvalidHash::Malformed);
    }
    match rounds.get() <= MOST_PBKDF2_ROUNDS {
        true => Ok(Scheme::Pbkdf2 { rounds, salt, hash }),
        false => Err(InvalidHash::TooCostly),
    }
}

/// `N$salt$r$p$hash`.
fn read_django_scrypt(text: &str) -> Result<Scheme<'_>, InvalidHash> {
    let [n, salt, r, p, hash] = fields(text)?;
    let n: u64 = n.parse().map_err(|_| InvalidHash::Malformed)?;
    if !n.is_power_of_two() {
        return Err(InvalidHash::Malformed);
    }
    let hash = STANDARD.decode(hash).map_err(|_| InvalidHash::Malformed)?;
    if hash.len() != 64 {
        return Err(InvalidHash::Malformed);
    }
    let number = |text: &str| text.parse().map_err(|_| InvalidHash::Malformed);
    read_scrypt(n.ilog2(), number(r)?, number(p)?, salt.into(), hash)
}

fn read_phc_scrypt(text: &str) -> Result<Scheme<'_>, InvalidHash> {
    let phc = phc::PasswordHash::new(text).map_err(|_| InvalidHash::Malformed)?;
    let number = |name| phc.params.get_decimal(name).ok_or(InvalidHash::Malformed);
    let (Some(salt), Some(hash)) = (&phc.salt, &phc.hash) else {
        return Err(InvalidHash::Malformed);
    };
    let (salt, hash) = (salt.to_vec(), hash.as_bytes().to_vec());
    read_scrypt(number("ln")?, number("r")?, number("p")?, salt, hash)
}

fn read_scrypt<'a>(
    log_n: u32,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
) -> Result<Scheme<'a>, InvalidHash> {
    // 128 * r * N bytes (RFC 7914 §2), p times.
    let kib = u64::from(r)
        .checked_mul(u64::from(p))
        .and_then(|rp| rp.checked_mul(1 << log_n.min(40)))
        .map(|blocks| blocks / 8);
    if kib.is_none_or(|kib| kib > MOST_KIB.into()) {
        return Err(InvalidHash::TooCostly);
    }
    let log_n = u8::try_from(log_n).map_err(|_| InvalidHash::Malformed)?;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| InvalidHash::Malformed)?;
    match (32..=64).contains(&hash.len()) {
        true => Ok(Scheme::Scrypt { params, salt, hash }),
        false => Err(InvalidHash::Malformed),
    }
}

fn fields<const N: usize>(text: &str) -> Result<[&str; N], InvalidHash> {
    let fields: Vec<_> = text.split('$').collect();
    fields.try_into().map_err(|_| InvalidHash::Malformed)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const PASSWORD: &str = "lètmein \u{1f600}";

    /// From `make_password` of Django 5.2.8, then from Python's bcrypt 5.0, argon2-cffi 25.1 and
    /// `hashlib.scrypt`.
    pub(crate) const HASHES: [&str; 8] = [
        "pbkdf2_sha256$1000000$Jz6gDEYFPfY1odRaYoKDOW$QMTOhHCpo6W8/4gpVxO7Er4z5MEqcCy34Yr7X2r7TN8=",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$Rzd2RHpPZjZENmFoVDc0ZmxIVTRSWA$KHQ8yeTgSZqEZRPcMvJZgYD43DuaCievCSKUur5vpog",
        "bcrypt_sha256$$2b$12$9WH5uja6cpRVbiiMN0/9KupuRJJKZMpwC7Ek92dhRhGtw7PUnekcC",
        "bcrypt$$2b$12$01vNcSr0LdGX9BLPWHKoW.pefpZ2XA4Wjv4fa7NZbquExYw.xSQdm",
        "scrypt$16384$VzoeY1EG46YTta2rclFXWZ$8$5$yCVsXeGwfs0DagF4hPW81sDe7ipM9OoBPRB/tnWAB6U/2K9M++Hm57FyXLKFUPiuQE8i7EcfnBqJRHqfiXLUiA==",
        "$2b$06$O.SYnZwc0OQkyKjqGh5ZiOFaGkev1eLSXDAW1wmaoKiO/VW49FsTe",
        "$argon2i$v=19$m=1024,t=3,p=4$HGc7gmbESrvcnzn4wkK7PA$+bgmB9BOGlDmfTKOFZemhx+nbv2ewcXpacqvY2kwPFE",
        "$scrypt$ln=10,r=8,p=2$c2l4dGVlbiBieXRlcyBvaw$Jr19OzxoYvsgA009asMLw51FyshFr+adCQUJ37727YM",
    ];

    #[test]
    fn hashes_of_other_systems_verify_only_their_password() {
        for hash in HASHES {
            let scheme = Scheme::parse(hash).unwrap_or_else(|why| panic!("{hash}: {why}"));
            assert!(scheme.verify(PASSWORD), "{hash}");
            assert!(!scheme.verify("letmein \u{1f600}"), "{hash}");
        }
    }

    #[test]
    fn only_argon2id_is_as_strong_as_ours() {
        for hash in HASHES {
            let params = Params::new(1024, 1, 1, None).unwrap();
            let is_ours = hash.contains("argon2id$");
            assert_eq!(
                Scheme::parse(hash).unwrap().is_at_least(&params),
                is_ours,
                "{hash}"
            );
        }
    }

    #[test]
    fn a_hash_that_is_cut_off_or_altered_verifies_nothing() {
        for hash in HASHES {
            // Base64 without padding stays valid when four characters are cut off.
            for cut in 1..hash.len() - 4 {
                let Ok(scheme) = Scheme::parse(&hash[..cut]) else {
                    continue;
                };
                assert!(!scheme.verify(PASSWORD), "{hash} until {cut}");
            }
        }
        for hash in [
            "",
            "$",
            "!",
            "!abc",
            "md5$salt$hash",
            "sha1$a$b",
            "plain",
            "$2b$",
            "pbkdf2_sha256$0$s$h",
        ] {
            assert!(Scheme::parse(hash).is_err(), "{hash}");
        }
    }

    pub(crate) fn argon2(kib: u32, passes: u32) -> String {
        let hash = "A".repeat(43);
        format!("$argon2id$v=19$m={kib},t={passes},p=1$c2FsdHNhbHQ${hash}")
    }

    #[test]
    fn hashes_at_the_bound_are_accepted() {
        for hash in [argon2(1 << 18, 8), argon2(8192, 256)] {
            assert!(Scheme::parse(&hash).is_ok(), "{hash}");
        }
    }

    #[test]
    fn hashes_that_are_too_costly_are_refused() {
        let (hash, longer) = ("A".repeat(43) + "=", "A".repeat(86) + "==");
        for costly in [
            format!("pbkdf2_sha256$4000000000$salt${hash}"),
            format!("scrypt$1073741824$salt$8$1${longer}"),
            format!("scrypt$16384$salt$8$100000${longer}"),
            argon2(4_000_000, 2),
            // Half a minute and a gigabyte; then each bound by itself.
            argon2(1 << 20, 32),
            argon2((1 << 18) + 1, 1),
            argon2(1 << 18, 9),
            argon2(8192, 257),
            HASHES[5].replacen("$06$", "$31$", 1),
        ] {
            assert_eq!(
                Scheme::parse(&costly).unwrap_err(),
                InvalidHash::TooCostly,
                "{costly}"
            );
        }
    }
}

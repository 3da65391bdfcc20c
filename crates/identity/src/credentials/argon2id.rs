//! Argon2 in memory that each thread keeps, unless it is a lot. Allocating it for each hash would leave the
//! allocator holding hundreds of megabytes after many concurrent sign-ins.

use std::cell::RefCell;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

/// The most that a thread keeps, in blocks of one KiB. More, for a hash of another system, is given back.
const MOST_KEPT: usize = 64 * 1024;

thread_local! {
    static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// The hash of a password as a PHC string.
#[expect(
    clippy::expect_used,
    reason = "it accepts passwords of any length and 16-byte salts"
)]
pub(super) fn hash(params: &Params, password: &str, salt: &[u8; 16]) -> String {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut out = [0; 32];
    fill(&argon2, password, salt, &mut out).expect("Argon2id accepts this input");
    phc_string(params, salt, &out)
}

/// A hash that matches no password and takes as long to verify as any other.
pub(super) fn decoy(params: &Params, salt: &[u8; 16], random: &[u8; 32]) -> String {
    phc_string(params, salt, random)
}

#[expect(clippy::expect_used, reason = "all three have fixed lengths")]
fn phc_string(params: &Params, salt: &[u8; 16], out: &[u8; 32]) -> String {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).expect("three numbers fit"),
        salt: Some(Salt::new(salt).expect("16 bytes fit")),
        hash: Some(Output::new(out).expect("32 bytes fit")),
    };
    hash.to_string()
}

/// Whether this is the hash of the password, in any variant of Argon2.
pub(super) fn verify(hash: &PasswordHash, password: &str) -> bool {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str());
    // The reference implementation writes no version for the first one.
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
    let (Ok(algorithm), Ok(version), Ok(params)) = (algorithm, version, Params::try_from(hash))
    else {
        return false;
    };
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return false;
    };
    let argon2 = Argon2::new(algorithm, version, params);
    let mut out = vec![0; expected.len()];
    let filled = fill(&argon2, password, salt, &mut out);
    filled.is_ok() & bool::from(out.ct_eq(expected.as_bytes()))
}

fn fill(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    out: &mut [u8],
) -> Result<(), argon2::Error> {
    BLOCKS.with_borrow_mut(|blocks| {
        let needed = argon2.params().block_count();
        if blocks.len() != needed {
            // Free the old blocks before allocating others.
            *blocks = Vec::new();
            blocks.resize(needed, Block::new());
        }
        let filled =
            argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut *blocks);
        if blocks.len() > MOST_KEPT {
            *blocks = Vec::new();
        }
        filled
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_is_given_back_and_a_small_one_is_kept() {
        let kept = |kib| {
            let params = Params::new(kib, 1, 1, None).unwrap();
            hash(&params, "open sesame", &[7; 16]);
            BLOCKS.with_borrow(Vec::capacity)
        };
        assert_eq!(kept(1024), 1024);
        assert_eq!(kept(65 * 1024), 0);
    }
}

//! Key wrapping: AES-256-GCM under a key derived (HKDF) from the master key. The use and id of the
//! wrapped key are associated data, so that it cannot be moved to another row.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use store::keys::KeyUse;
use zeroize::Zeroizing;

use super::master_key::MasterKey;

/// `nonce ‖ ciphertext ‖ tag`.
pub(super) fn wrap(
    master_key: &MasterKey,
    key_use: KeyUse,
    id: &str,
    secret: &[u8],
    nonce: [u8; NONCE_LEN],
) -> Vec<u8> {
    let mut wrapped = Zeroizing::new(secret.to_vec());
    #[expect(clippy::expect_used, reason = "it only fails for gigabytes")]
    let tag = wrapping_key(master_key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            associated_data(key_use, id),
            &mut wrapped,
        )
        .expect("a secret is short");
    [nonce.as_slice(), &wrapped, tag.as_ref()].concat()
}

/// `None` if it was wrapped under another master key, for another use or id, or was altered.
pub(super) fn unwrap(
    master_key: &MasterKey,
    key_use: KeyUse,
    id: &str,
    wrapped: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = wrapped.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut opened = Zeroizing::new(sealed.to_vec());
    let length = wrapping_key(master_key)
        .open_in_place(nonce, associated_data(key_use, id), &mut opened)
        .ok()?
        .len();
    opened.truncate(length);
    Some(opened)
}

#[expect(clippy::expect_used, reason = "it only fails for another length")]
fn wrapping_key(master_key: &MasterKey) -> LessSafeKey {
    let key = master_key.derive("wrap signing keys v1");
    let key = UnboundKey::new(&AES_256_GCM, &*key).expect("AES-256 has keys of 32 bytes");
    LessSafeKey::new(key)
}

fn associated_data(key_use: KeyUse, id: &str) -> Aad<String> {
    Aad::from(format!("{key_use}:{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"the secret of a signing key";

    fn master_key(byte: u8) -> MasterKey {
        MasterKey::from_bytes([byte; 32])
    }

    fn wrapped() -> Vec<u8> {
        wrap(&master_key(1), KeyUse::Access, "k1", SECRET, [7; 12])
    }

    #[test]
    fn a_wrapped_key_is_unwrapped() {
        let secret = unwrap(&master_key(1), KeyUse::Access, "k1", &wrapped());
        assert_eq!(secret.unwrap().as_slice(), SECRET);
    }

    #[test]
    fn nothing_else_opens_it() {
        let wrapped = wrapped();
        assert!(!wrapped.windows(6).any(|part| SECRET.starts_with(part)));
        assert!(unwrap(&master_key(2), KeyUse::Access, "k1", &wrapped).is_none());
        assert!(unwrap(&master_key(1), KeyUse::Refresh, "k1", &wrapped).is_none());
        assert!(unwrap(&master_key(1), KeyUse::Access, "k2", &wrapped).is_none());
    }

    #[test]
    fn an_altered_key_is_refused() {
        let wrapped = wrapped();
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(unwrap(&master_key(1), KeyUse::Access, "k1", &changed).is_none());
            assert!(unwrap(&master_key(1), KeyUse::Access, "k1", &wrapped[..at]).is_none());
        }
    }
}

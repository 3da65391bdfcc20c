//! Secrets that are shown once and recognised by their hash: service keys and links.

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::base64url;
use crate::entropy::Entropy;

/// 256 random bits after a prefix by which people and secret scanners recognise them.
pub(crate) fn make(prefix: &str, entropy: &dyn Entropy) -> Zeroizing<String> {
    let random = Zeroizing::new(entropy.bytes::<32>());
    let random = Zeroizing::new(base64url::encode(&*random));
    Zeroizing::new(format!("{prefix}{}", *random))
}

/// The hash to store. With 256 random bits, a fast hash suffices.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    hash
}

//! Tokens by which somebody sets a password without knowing one.

use std::fmt;

use ring::digest::{SHA256, digest};
use store::password_links::LinkHash;
use zeroize::Zeroizing;

use crate::base64url;
use crate::entropy::Entropy;

/// What every one begins with, for people and secret scanners to know it by.
const PREFIX: &str = "symbolon_pl_";

/// A link's token. `Debug` does not show it.
pub struct PasswordLink(Zeroizing<String>);

impl PasswordLink {
    /// A new one, of 256 random bits.
    pub fn make(entropy: &dyn Entropy) -> Self {
        let random = Zeroizing::new(entropy.bytes::<32>());
        let random = Zeroizing::new(base64url::encode(&*random));
        Self(Zeroizing::new(format!("{PREFIX}{}", *random)))
    }

    /// Whatever somebody has.
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What is stored of it.
    pub fn hash(&self) -> LinkHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        LinkHash(hash)
    }

    /// For handing it out once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordLink(…)")
    }
}

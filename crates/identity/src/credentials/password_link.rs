use std::fmt;

use store::password_links::LinkHash;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::random_secret;

/// The prefix of every such token, by which people and secret scanners recognise one.
const PREFIX: &str = "symbolon_pl_";

/// The token of a link for setting a password. `Debug` does not show it.
pub struct PasswordLink(Zeroizing<String>);

impl PasswordLink {
    /// A new token with 256 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_secret::make(PREFIX, entropy))
    }

    /// Any text that somebody presents.
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The hash to store.
    pub fn hash(&self) -> LinkHash {
        LinkHash(random_secret::hash(&self.0))
    }

    /// The token itself, to hand it out once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordLink(…)")
    }
}

//! Tokens by which somebody sets a password without knowing one.

use std::fmt;

use store::password_links::LinkHash;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::random_secret;

/// What every one begins with, for people and secret scanners to know it by.
const PREFIX: &str = "symbolon_pl_";

/// A link's token. `Debug` does not show it.
pub struct PasswordLink(Zeroizing<String>);

impl PasswordLink {
    /// A new one, of 256 random bits.
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(random_secret::make(PREFIX, entropy))
    }

    /// Whatever somebody has.
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What is stored of it.
    pub fn hash(&self) -> LinkHash {
        LinkHash(random_secret::hash(&self.0))
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

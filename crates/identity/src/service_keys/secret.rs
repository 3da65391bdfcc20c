use std::fmt;

use store::service_keys::ServiceKeyHash;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::random_secret;

/// The prefix of every service key, by which people and secret scanners recognise one.
pub const PREFIX: &str = "symbolon_sk_";

/// The secret of a service key. `Debug` does not show it.
pub struct ServiceKeySecret(Zeroizing<String>);

impl ServiceKeySecret {
    /// A new secret with 256 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_secret::make(PREFIX, entropy))
    }

    /// A text with the prefix of service keys, valid or not.
    pub fn parse(text: &str) -> Option<Self> {
        let has_prefix = text.starts_with(PREFIX);
        has_prefix.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The hash to store.
    pub fn hash(&self) -> ServiceKeyHash {
        ServiceKeyHash(random_secret::hash(&self.0))
    }

    /// The secret itself, to print it once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ServiceKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKeySecret(…)")
    }
}

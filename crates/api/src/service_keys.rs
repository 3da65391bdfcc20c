//! Service keys: making one, and knowing one when it is presented.

use std::fmt;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use store::Store;
use store::service_keys::{self as rows, Scope, ServiceKey, ServiceKeyHash};
use zeroize::Zeroizing;

use crate::base64url;
use crate::blocking;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;

/// What every service key begins with, for people and secret scanners to know it by.
pub const PREFIX: &str = "symbolon_sk_";

/// A service key itself. `Debug` does not show it.
pub struct PlainServiceKey(Zeroizing<String>);

impl PlainServiceKey {
    /// A new one, of 256 random bits.
    pub fn make(entropy: &dyn Entropy) -> Self {
        let random = Zeroizing::new(entropy.bytes::<32>());
        let random = Zeroizing::new(base64url::encode(&*random));
        Self(Zeroizing::new(format!("{PREFIX}{}", *random)))
    }

    /// A text that looks like one.
    pub fn parse(text: &str) -> Option<Self> {
        let looks_like_one = text.starts_with(PREFIX) && text.len() <= 128;
        looks_like_one.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// What is stored of it.
    pub fn hash(&self) -> ServiceKeyHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        ServiceKeyHash(hash)
    }

    /// For printing it once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainServiceKey(…)")
    }
}

/// Whether a service key may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// It may.
    Granted(ServiceKey),
    /// It is good, but not for this.
    InsufficientScope,
    /// It is unknown, revoked or expired.
    Invalid,
}

/// Knows service keys.
pub struct ServiceKeys {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl ServiceKeys {
    /// Those in `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Whether this key may do what `scope` names.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn authorize(
        &self,
        key: &PlainServiceKey,
        scope: Scope,
    ) -> Result<Authorization, Failure> {
        let hash = key.hash();
        let found = blocking::read(&self.store, move |c| rows::find(c, &hash)).await?;
        Ok(match found {
            Some(key) if !key.is_valid(self.clock.now()) => Authorization::Invalid,
            Some(key) if key.scopes.contains(&scope) => Authorization::Granted(key),
            Some(_) => Authorization::InsufficientScope,
            None => Authorization::Invalid,
        })
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKeys").finish_non_exhaustive()
    }
}

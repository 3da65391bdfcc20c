use std::sync::Arc;

use store::Store;
use store::keys::{self, WrappedKey};
use zeroize::Zeroizing;

use super::{KeysError, MasterKey, wrap};
use crate::entropy::Entropy;

/// What came of a new master key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Keys that are under it now.
    pub keys: usize,
    /// Keys that were before.
    pub already: usize,
}

/// Puts all keys under a new master key, or none. Done again, it finds them there.
///
/// # Errors
///
/// [`KeysError`]; nothing is changed then.
pub fn rewrap(
    store: &Store,
    old: &MasterKey,
    new: &MasterKey,
    entropy: &Arc<dyn Entropy>,
) -> Result<Rewrapped, KeysError> {
    let (old, new, entropy) = (old.clone(), new.clone(), entropy.clone());
    store.transaction(move |c| {
        keys::lock(c)?;
        let mut opened = Vec::new();
        let mut rewrapped = Rewrapped::default();
        for key in keys::list(c)? {
            if open(&new, &key).is_some() {
                rewrapped.already += 1;
            } else if let Some(jwk) = open(&old, &key) {
                opened.push((key, jwk));
            } else {
                return Ok(Err(KeysError::WrongMasterKey {
                    key_use: key.key_use,
                    id: key.id,
                }));
            }
        }
        rewrapped.keys = opened.len();
        for (key, jwk) in opened {
            let wrapped = wrap::wrap(&new, key.key_use, &key.id, &jwk, entropy.bytes());
            keys::rewrap(c, &key.id, &wrapped)?;
        }
        Ok(Ok(rewrapped))
    })?
}

fn open(master_key: &MasterKey, key: &WrappedKey) -> Option<Zeroizing<Vec<u8>>> {
    wrap::unwrap(master_key, key.key_use, &key.id, &key.wrapped)
}

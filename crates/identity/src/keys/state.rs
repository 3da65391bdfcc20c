use store::UnixMillis;
use store::keys::{self, WrappedKey};

use super::KeyRing;
use crate::async_store::AsyncStore;
use crate::failure::Failure;

/// What a key does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It is published and does not sign yet.
    Next,
    /// It signs and verifies.
    Active,
    /// Its successor signs; it verifies until its last token has expired.
    Retiring,
    /// It only verifies, and never signs.
    Verifying,
    /// It does nothing any more.
    Gone,
}

impl KeyState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyState::Next => "next",
            KeyState::Active => "active",
            KeyState::Retiring => "retiring",
            KeyState::Verifying => "verifying",
            KeyState::Gone => "gone",
        }
    }
}

/// A key, without its secret, and its state.
#[derive(Clone, Debug)]
pub struct ListedKey {
    /// The key.
    pub key: WrappedKey,
    /// Its state.
    pub state: KeyState,
}

impl KeyRing {
    /// All keys in the database, in the order in which they sign.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn list(store: &AsyncStore, now: UnixMillis) -> Result<Vec<ListedKey>, Failure> {
        let keys = store.read(keys::list).await?;
        let states: Vec<_> = keys.iter().map(|key| state(key, &keys, now)).collect();
        let listed = keys.into_iter().zip(states);
        Ok(listed
            .map(|(key, state)| ListedKey { key, state })
            .collect())
    }
}

fn state(key: &WrappedKey, all: &[WrappedKey], now: UnixMillis) -> KeyState {
    if !key.verifies(now) {
        return KeyState::Gone;
    }
    let Some(from) = key.signs_from else {
        return KeyState::Verifying;
    };
    let of_its_use = all.iter().filter(|other| other.key_use == key.key_use);
    let in_force = of_its_use.filter(|other| other.verifies(now));
    let mut successors = in_force.filter_map(|other| other.signs_from);
    if from > now {
        KeyState::Next
    } else if successors.any(|successor| from < successor && successor <= now) {
        KeyState::Retiring
    } else {
        KeyState::Active
    }
}

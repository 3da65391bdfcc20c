use std::time::Duration;

use store::keys::{self, KeyUse, WrappedKey};
use store::{AnyConnection, Store, StoreError, UnixMillis};

use super::{KeyRules, KeysError, MasterKey, new_key, wrap};
use crate::entropy::Entropy;
use crate::tokens::LEEWAY;

/// What came of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// There is a new key, which signs from that moment on.
    Rotated {
        /// Its id.
        id: String,
        /// When it begins.
        signs_from: UnixMillis,
    },
    /// There is one already that does not sign yet.
    UnderWay {
        /// Its id.
        id: String,
        /// When it begins.
        signs_from: UnixMillis,
    },
    /// Another replica did it in this moment.
    Overtaken,
}

/// By how much a retired key outlives the last token that it should have signed: a replica may
/// follow late, and its clock may be behind.
const MARGIN: Duration = Duration::from_secs(60);

/// Makes a successor to the newest key of a use. It is published at once and signs after
/// [`KeyRules::publish_ahead`]; the one before verifies until its last token has expired. In an
/// `emergency` it signs at once, and no other verifies any more.
///
/// # Errors
///
/// [`KeysError`].
pub fn rotate(
    store: &Store,
    master_key: &MasterKey,
    key_use: KeyUse,
    rules: &KeyRules,
    emergency: bool,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<Rotation, KeysError> {
    let key = new_key(master_key, key_use, rules, entropy, now)?;
    make_successor(store, master_key, key, rules, emergency, now)
}

/// Puts a key in the place of the newest of its use.
pub(super) fn make_successor(
    store: &Store,
    master_key: &MasterKey,
    mut key: WrappedKey,
    rules: &KeyRules,
    emergency: bool,
    now: UnixMillis,
) -> Result<Rotation, KeysError> {
    let key_use = key.key_use;
    let signs_from = match emergency {
        true => now,
        false => now + rules.publish_ahead,
    };
    key.signs_from = Some(signs_from);
    let (master_key, lifetime) = (master_key.clone(), rules.lifetime(key_use));
    store.transaction(move |c| {
        let newest = match lock_and_check(c, &master_key, key_use)? {
            Ok(newest) => newest,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(signs_from) = newest.signs_from.filter(|from| *from > now && !emergency) {
            return Ok(Ok(Rotation::UnderWay {
                id: newest.id,
                signs_from,
            }));
        }
        let until = last_expiry(c, key_use, signs_from + lifetime)? + MARGIN;
        succeed(c, &key, &newest.id, until, emergency, now).map(Ok)
    })?
}

/// The newest key, of a ring that nobody else changes now. What this master key wraps must be what
/// the other replicas can open.
pub(super) fn lock_and_check(
    connection: &mut AnyConnection,
    master_key: &MasterKey,
    key_use: KeyUse,
) -> Result<Result<WrappedKey, KeysError>, StoreError> {
    keys::lock(connection)?;
    let Some(newest) = keys::newest(connection, key_use)? else {
        return Ok(Err(KeysError::Missing(key_use)));
    };
    let opened = wrap::unwrap(master_key, key_use, &newest.id, &newest.wrapped);
    Ok(match opened {
        Some(_) => Ok(newest),
        None => Err(KeysError::WrongMasterKey {
            key_use,
            id: newest.id,
        }),
    })
}

fn succeed(
    connection: &mut AnyConnection,
    key: &WrappedKey,
    predecessor: &str,
    until: UnixMillis,
    emergency: bool,
    now: UnixMillis,
) -> Result<Rotation, StoreError> {
    if !keys::add_successor(connection, key, predecessor, until)? {
        return Ok(Rotation::Overtaken);
    }
    if emergency {
        keys::end_others(connection, key.key_use, &key.id, now)?;
    }
    Ok(Rotation::Rotated {
        id: key.id.clone(),
        signs_from: key.signs_from.unwrap_or(now),
    })
}

/// When the last token that the retiring key has signed expires. A session may have been opened
/// when sessions lasted longer.
fn last_expiry(
    connection: &mut AnyConnection,
    key_use: KeyUse,
    by_the_rules: UnixMillis,
) -> Result<UnixMillis, StoreError> {
    let last = match key_use {
        KeyUse::Access => None,
        KeyUse::Refresh => keys::last_refresh_expiry(connection)?,
    };
    let leeway = Duration::from_secs(LEEWAY.into());
    Ok(last.map_or(by_the_rules, |last| last.max(by_the_rules)) + leeway)
}

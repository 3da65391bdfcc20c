//! Legacy tokens have no session that could be revoked. So they are refused while their user is disabled, and
//! for ever if the user was deleted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use store::locked_out::{self, LockedOutState};
use store::users::UserId;
use store::{AnyConnection, Store, StoreError};
use tokio::time::sleep;

use super::AccessTokens;
use crate::async_store::AsyncStore;

/// How often the database is asked, while there are keys for legacy tokens.
const EVERY: Duration = Duration::from_secs(1);

/// Maximum number of users of each kind who are remembered: tens of megabytes.
const MOST: u32 = 200_000;

/// Loads the users whose legacy tokens are refused.
///
/// # Errors
///
/// [`StoreError`].
pub fn load_locked_out(tokens: &AccessTokens, store: &Store) -> Result<(), StoreError> {
    if tokens.accept_legacy() {
        tokens.lock_out(
            store
                .read(|c| locked_out::list(c, MOST))?
                .into_iter()
                .collect(),
        );
    }
    Ok(())
}

/// Follows the database until the service stops. While it is unavailable, the known users stay locked out;
/// the denylist, which reads as often, logs that.
pub async fn follow_locked_out(tokens: Arc<AccessTokens>, store: AsyncStore) {
    let mut known = None;
    loop {
        sleep(EVERY).await;
        if !tokens.accept_legacy() {
            known = None;
            continue;
        }
        let changed = store.poll(move |c| changed_since(c, known)).await;
        if let Ok(Some((state, users))) = changed {
            tokens.lock_out(users);
            known = Some(state);
        }
    }
}

/// The users who are locked out, unless they are those of before.
fn changed_since(
    connection: &mut AnyConnection,
    known: Option<LockedOutState>,
) -> Result<Option<(LockedOutState, HashSet<UserId>)>, StoreError> {
    let state = locked_out::state(connection)?;
    if known == Some(state) {
        return Ok(None);
    }
    let users = locked_out::list(connection, MOST)?;
    Ok(Some((state, users.into_iter().collect())))
}

//! Expired sessions, and keys that are gone, leave the database by themselves: no cron.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::sleep;
use store::keys::delete_gone;
use store::sessions::delete_expired;

use crate::async_store::AsyncStore;
use crate::clock::Clock;

/// Between two looks for something to clean.
const EVERY: Duration = Duration::from_secs(60);

/// Between two batches: others have the database to themselves for most of the time.
const PAUSE: Duration = Duration::from_millis(50);

/// Rows deleted in one statement: a few milliseconds on either back end.
const BATCH: u16 = 500;

/// How long each stays after its end: a clock that is ahead must not delete what is in use.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Cleans until the service stops.
pub async fn clean(store: AsyncStore, clock: Arc<dyn Clock>) {
    loop {
        let before = clock.now() - KEEP;
        let deleted = store.write(move |c| delete_expired(c, before, BATCH)).await;
        let pause = match deleted {
            Ok(deleted) if deleted >= usize::from(BATCH) => PAUSE,
            Ok(_) => {
                if let Err(failure) = store.write(move |c| delete_gone(c, before)).await {
                    log::warn!("keys that are gone: {failure}");
                }
                EVERY
            }
            Err(failure) => {
                log::warn!("expired sessions: {failure}");
                EVERY
            }
        };
        sleep(pause).await;
    }
}

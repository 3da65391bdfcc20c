//! What is of no use any more leaves the database by themselves: no cron.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::sleep;
use store::{UnixMillis, attempts, events, keys, password_links, sessions};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::failure::Failure;

/// Between two looks for something to clean.
const EVERY: Duration = Duration::from_secs(60);

/// Between two batches: others have the database to themselves for most of the time.
const PAUSE: Duration = Duration::from_millis(50);

/// Rows deleted in one statement: a few milliseconds on either back end.
const BATCH: u16 = 500;

/// How long each stays after its end: a clock that is ahead must not delete what is in use.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Cleans until the service stops; events of the audit trail are kept for `retention`.
pub async fn clean(store: AsyncStore, retention: Option<Duration>, clock: Arc<dyn Clock>) {
    loop {
        let now = clock.now();
        let went = clean_once(&store, now - KEEP, retention.map(|kept| now - kept));
        let pause = match went.await {
            Ok(true) => PAUSE,
            Ok(false) => EVERY,
            Err(failure) => {
                log::warn!("cleaning: {failure}");
                EVERY
            }
        };
        sleep(pause).await;
    }
}

/// One batch of each; whether there may be more.
async fn clean_once(
    store: &AsyncStore,
    before: UnixMillis,
    events_before: Option<UnixMillis>,
) -> Result<bool, Failure> {
    let of_sessions = store
        .write(move |c| sessions::delete_expired(c, before, BATCH))
        .await?;
    let of_attempts = store
        .write(move |c| attempts::delete_whole(c, before, BATCH))
        .await?;
    let of_events = match events_before {
        Some(before) => {
            store
                .write(move |c| events::delete_before(c, before, BATCH))
                .await?
        }
        None => 0,
    };
    store.write(move |c| keys::delete_gone(c, before)).await?;
    store
        .write(move |c| password_links::delete_expired(c, before))
        .await?;
    let full = usize::from(BATCH);
    Ok([of_sessions, of_attempts, of_events].contains(&full))
}

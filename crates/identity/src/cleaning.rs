//! Deletes expired rows in the background, so that no cron job is needed.

use std::sync::Arc;
use std::time::Duration;

use store::{UnixMillis, attempts, challenges, claim_changes, events, keys, outbox, sessions};
use tokio::time::sleep;

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::failure::Failure;

/// The pause after everything is clean.
const EVERY: Duration = Duration::from_secs(60);

/// The pause between two batches, which leaves the database to others for most of the time.
const PAUSE: Duration = Duration::from_millis(50);

/// Rows per statement: a few milliseconds on either back end.
const BATCH: u16 = 500;

/// How long rows stay after they expire, so that a clock that is ahead deletes nothing in use.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// How much longer mails stay, so that an operator can look at what was sent.
const KEEP_MAILS: Duration = Duration::from_secs(29 * 24 * 3600);

/// Cleans until the service stops. Events of the audit trail are kept for `retention`.
pub async fn clean(store: AsyncStore, retention: Option<Duration>, clock: Arc<dyn Clock>) {
    loop {
        let now = clock.now();
        let cleaned = clean_once(&store, now - KEEP, retention.map(|kept| now - kept));
        let pause = match cleaned.await {
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

/// Deletes one batch of each kind, and returns whether there may be more.
async fn clean_once(
    store: &AsyncStore,
    before: UnixMillis,
    events_before: Option<UnixMillis>,
) -> Result<bool, Failure> {
    let of_sessions = store
        .write(move |c| sessions::delete_expired(c, before, BATCH))
        .await?;
    let of_attempts = store
        .write(move |c| attempts::delete_restored(c, before, BATCH))
        .await?;
    let of_events = match events_before {
        Some(before) => {
            store
                .write(move |c| events::delete_before(c, before, BATCH))
                .await?
        }
        None => 0,
    };
    let of_claims = store
        .write(move |c| claim_changes::delete_before(c, before, BATCH))
        .await?;
    store.write(move |c| keys::delete_gone(c, before)).await?;
    let of_challenges = store
        .write(move |c| challenges::delete_expired(c, before, BATCH))
        .await?;
    let mails_before = before - KEEP_MAILS;
    let of_mails = store
        .write(move |c| outbox::delete_old(c, mails_before, BATCH))
        .await?;
    let full = usize::from(BATCH);
    let deleted = [
        of_sessions,
        of_attempts,
        of_events,
        of_claims,
        of_challenges,
        of_mails,
    ];
    Ok(deleted.contains(&full))
}

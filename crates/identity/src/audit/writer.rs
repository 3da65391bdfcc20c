use std::sync::Arc;
use std::time::Duration;

use store::StoreError;
use store::events::{self, Event};
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

use crate::async_store::AsyncStore;
use crate::failure::Failure;
use crate::metrics::Metrics;

/// Events in one transaction.
const BATCH: usize = 200;

/// The pause before the database is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes events to the database.
pub struct AuditWriter {
    queue: Receiver<Event>,
    metrics: Arc<Metrics>,
}

impl AuditWriter {
    pub(super) fn new(queue: Receiver<Event>, metrics: Arc<Metrics>) -> Self {
        Self { queue, metrics }
    }

    /// Writes until the [`Audit`](super::Audit) is dropped and all its events are written.
    pub async fn write(mut self, store: AsyncStore) {
        let mut received = Vec::new();
        while self.queue.recv_many(&mut received, BATCH).await > 0 {
            let batch: Arc<[Event]> = received.drain(..).collect();
            self.write_batch(&store, &batch).await;
        }
    }

    async fn write_batch(&self, store: &AsyncStore, batch: &Arc<[Event]>) {
        let mut logged = false;
        loop {
            let events = batch.clone();
            let written = store.transaction(move |c| events::add(c, &events)).await;
            match written {
                Ok(()) => return,
                Err(Failure::Store(StoreError::Unavailable(why))) => {
                    if !logged {
                        log::error!("audit trail: {why}; events are kept until it is available");
                        logged = true;
                    }
                    sleep(PAUSE).await;
                }
                Err(failure) => {
                    let count = batch.len();
                    log::error!("audit trail: lost {count} events: {failure}");
                    self.metrics.lost_events(count as u64);
                    return;
                }
            }
        }
    }
}

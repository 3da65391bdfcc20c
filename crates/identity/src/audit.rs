//! The audit trail: events go to the log at once and to the database in batches. Nothing waits for it;
//! events that cannot be written are counted and reported to the operator.

mod history;
mod record;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::events::{Event, EventKind};
use tokio::sync::mpsc::{Sender, channel};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::request_id;

pub use history::{EventPage, History};
pub use writer::AuditWriter;

/// Events that may wait for the database: a few megabytes.
const QUEUE: usize = 10_000;

/// Records events.
pub struct Audit {
    queue: Sender<Event>,
    losing: AtomicBool,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    replica: Option<String>,
}

impl Audit {
    /// The audit trail of a replica or of a command, and the task that [writes](AuditWriter::write) it.
    pub fn new(
        replica: Option<String>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, AuditWriter) {
        let (sender, receiver) = channel(QUEUE);
        let writer = AuditWriter::new(receiver, metrics.clone());
        let audit = Self {
            queue: sender,
            losing: AtomicBool::new(false),
            metrics,
            clock,
            entropy,
            replica,
        };
        (audit, writer)
    }

    /// An event of this moment, to be completed and [recorded](Self::record).
    pub fn event(&self, kind: EventKind) -> Event {
        Event {
            request_id: request_id::current().map(|id| id.to_string()),
            replica: self.replica.clone(),
            ..Event::new(kind, self.clock.now(), self.entropy.bytes())
        }
    }

    /// Records an event. Never waits.
    pub fn record(&self, event: Event) {
        record::log(&event);
        self.metrics.event(&event);
        let lost = self.queue.try_send(event).is_err();
        if lost {
            self.metrics.lost_events(1);
        }
        // Once for each time that the queue fills up, not once for each event.
        if self.losing.swap(lost, Ordering::Relaxed) != lost && lost {
            log::warn!("audit trail: the queue is full; events are being lost");
        }
    }

    /// The metrics that events are counted in.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// How many events were lost since the start.
    pub fn lost(&self) -> u64 {
        self.metrics.events_lost()
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

//! The audit trail: events go to the log at once, and to the database in batches. Nobody waits for
//! it; what cannot be written is counted, and told where the operator looks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::time::sleep;
use store::StoreError;
use store::events::{self, Event, EventKind, EventOutcome};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::async_store::AsyncStore;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::metrics::Metrics;

/// Events that may wait for the database: some megabytes.
const QUEUE: usize = 10_000;

/// Events in one transaction.
const BATCH: usize = 200;

/// Before the database is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Events are logged under this name, at the level info.
const LOG: &str = "symbolon::audit";

/// Where events go.
pub struct Audit {
    queue: Sender<Event>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Audit {
    /// A trail, and what [writes](AuditWriter::write) it.
    pub fn new(
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, AuditWriter) {
        let (sender, receiver) = channel(QUEUE);
        let writer = AuditWriter {
            queue: receiver,
            metrics: metrics.clone(),
        };
        let audit = Self {
            queue: sender,
            metrics,
            clock,
            entropy,
        };
        (audit, writer)
    }

    /// An event of this moment, still to be [recorded](Self::record).
    pub fn event(&self, kind: EventKind) -> Event {
        Event::new(kind, self.clock.now(), self.entropy.bytes())
    }

    /// Records an event. Never waits.
    pub fn record(&self, event: Event) {
        log(&event);
        if event.kind == EventKind::SignIn {
            let refused = event.detail.as_deref().unwrap_or("refused");
            self.metrics.sign_in(match event.outcome {
                EventOutcome::Done => "done",
                EventOutcome::Refused => refused,
            });
        }
        if self.queue.try_send(event).is_err() {
            self.metrics.lost_events(1);
        }
    }

    /// The same, to be kept.
    pub(crate) fn shared_metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many events were not written since the start.
    pub fn lost(&self) -> u64 {
        self.metrics.events_lost()
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

/// Writes events into the database.
pub struct AuditWriter {
    queue: Receiver<Event>,
    metrics: Arc<Metrics>,
}

impl AuditWriter {
    /// Writes until the trail is gone and all that was recorded is written.
    pub async fn write(mut self, store: AsyncStore) {
        let mut batch = Vec::new();
        while self.queue.recv_many(&mut batch, BATCH).await > 0 {
            self.write_batch(&store, &Arc::from(batch.as_slice())).await;
            batch.clear();
        }
    }

    async fn write_batch(&self, store: &AsyncStore, batch: &Arc<[Event]>) {
        let mut told = false;
        loop {
            let events = batch.clone();
            let written = store.transaction(move |c| events::add(c, &events)).await;
            match written {
                Ok(()) => return,
                Err(Failure::Store(StoreError::Unavailable(why))) => {
                    if !told {
                        log::error!("audit trail: {why}; what happens is kept for later");
                        told = true;
                    }
                    sleep(PAUSE).await;
                }
                Err(failure) => {
                    let count = batch.len();
                    log::error!("audit trail: {count} events are lost: {failure}");
                    self.metrics.lost_events(count as u64);
                    return;
                }
            }
        }
    }
}

/// For people as a sentence; each part as a value of its own for programs.
fn log(event: &Event) {
    let level = match event.outcome {
        EventOutcome::Done => log::Level::Info,
        EventOutcome::Refused => log::Level::Warn,
    };
    let fields = fields(event);
    let values: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let sentence: Vec<_> = fields[2..]
        .iter()
        .map(|(name, value)| format!(" {name}={value:?}"))
        .collect();
    let text = format!(
        "{} {}{}",
        event.kind,
        event.outcome.as_str(),
        sentence.concat()
    );
    log::logger().log(
        &log::Record::builder()
            .args(format_args!("{text}"))
            .level(level)
            .target(LOG)
            .module_path_static(Some(module_path!()))
            .key_values(&values.as_slice())
            .build(),
    );
}

fn fields(event: &Event) -> Vec<(&'static str, String)> {
    let text = |value: Option<&dyn fmt::Display>| value.map(ToString::to_string);
    let optional = [
        ("user", text(event.user_id.as_ref().map(|id| id as _))),
        ("session", text(event.session_id.as_ref().map(|id| id as _))),
        ("ip", event.ip.clone()),
        ("user_agent", event.user_agent.clone()),
        ("detail", event.detail.clone()),
    ];
    let always = [
        ("kind", event.kind.to_string()),
        ("outcome", event.outcome.as_str().to_owned()),
    ];
    let known = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    always.into_iter().chain(known).collect()
}

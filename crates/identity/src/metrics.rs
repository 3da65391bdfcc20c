//! Metrics for Prometheus: counters that are updated as things happen, and figures that are read when
//! they are scraped.

mod snapshot;

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use store::UnixMillis;
use store::events::{Cause, Event, EventKind, Reason};
use store::keys::KeyUse;
use store::outbox::{MailOutcome, Waiting};
use store::sessions::Renewal;

pub use snapshot::Snapshot;

/// Upper bounds of the duration buckets, in seconds: from a verification to a sign-in that waited.
const SECONDS: [f64; 12] = [
    0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// The outcome of something: always the word of an enum, never free text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// A request that was answered. The route is one of our patterns, never a path that a client made up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// One label with any name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OneLabel(&'static str, &'static str);

impl EncodeLabelSet for OneLabel {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        (self.0, self.1).encode(encoder.encode_label())
    }
}

/// The counters.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    durations: Durations,
    sign_ins: Family<Outcome, Counter>,
    renewals: Family<Outcome, Counter>,
    access_key_since: AtomicI64,
    refresh_key_since: AtomicI64,
    events_lost: AtomicU64,
    unknown_service_keys: AtomicU64,
    mails: Family<Outcome, Counter>,
    mails_waiting: AtomicU64,
    oldest_mail: AtomicI64,
}

/// A family that knows how to create its histograms.
#[derive(Debug)]
struct Durations(Family<Route, Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(SECONDS)))
    }
}

/// When something started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a duration, for which our clock is too coarse"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn answered(&self, method: &str, route: &str, status: u16, since: Stopwatch) {
        self.requests
            .get_or_create(&Request {
                method: method.to_owned(),
                route: route.to_owned(),
                status,
            })
            .inc();
        self.durations
            .0
            .get_or_create(&Route {
                route: route.to_owned(),
            })
            .observe(since.0.elapsed().as_secs_f64());
    }

    /// Counts a sign-in, or why it was refused.
    pub fn sign_in(&self, refused: Option<Cause>) {
        count(&self.sign_ins, refused.map_or("done", Cause::as_str));
    }

    /// Counts an event of a kind that has a counter.
    pub fn event(&self, event: &Event) {
        if event.kind == EventKind::SignIn {
            self.sign_in(match event.reason {
                Some(Reason::Cause(cause)) => Some(cause),
                _ => None,
            });
        }
    }

    /// Counts a renewal that went to the database.
    pub fn renewal(&self, renewal: &Renewal) {
        count(&self.renewals, word(renewal));
    }

    /// Counts a call with a service key that does not exist.
    pub fn unknown_service_key(&self) {
        self.unknown_service_keys.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a mail by what became of it.
    pub fn mail(&self, outcome: MailOutcome) {
        count(&self.mails, outcome.as_str());
    }

    /// Sets what waits in the outbox.
    pub fn mails_waiting(&self, waiting: Waiting) {
        self.mails_waiting.store(waiting.count, Ordering::Relaxed);
        let oldest = waiting.oldest.map_or(0, UnixMillis::as_millis);
        self.oldest_mail.store(oldest, Ordering::Relaxed);
    }

    /// Counts events that the audit trail has lost.
    pub fn lost_events(&self, count: u64) {
        self.events_lost.fetch_add(count, Ordering::Relaxed);
    }

    /// How many events the audit trail has lost since the start.
    pub fn events_lost(&self) -> u64 {
        self.events_lost.load(Ordering::Relaxed)
    }

    /// Sets since when the active key of a use signs.
    pub fn key_signs_since(&self, key_use: KeyUse, since: UnixMillis) {
        let place = match key_use {
            KeyUse::Access => &self.access_key_since,
            KeyUse::Refresh => &self.refresh_key_since,
        };
        place.store(since.as_millis(), Ordering::Relaxed);
    }

    /// Everything in the text format of OpenMetrics.
    pub fn encode(&self, snapshot: &Snapshot) -> String {
        let mut registry = Registry::with_prefix("symbolon");
        self.register(&mut registry);
        snapshot.register(self, &mut registry);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut text, &registry);
        text
    }

    fn register(&self, registry: &mut Registry) {
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The service", build);
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request to its answer",
            Unit::Seconds,
            self.durations.0.clone(),
        );
        registry.register(
            "sign_ins",
            "Sign-ins and refused attempts, by outcome",
            self.sign_ins.clone(),
        );
        registry.register(
            "renewals",
            "Renewals that went to the database, by outcome",
            self.renewals.clone(),
        );
        registry.register("mails", "Mails, by what became of them", self.mails.clone());
    }
}

fn count(family: &Family<Outcome, Counter>, outcome: &'static str) {
    family.get_or_create(&Outcome { outcome }).inc();
}

fn word(renewal: &Renewal) -> &'static str {
    match renewal {
        Renewal::Rotated(_) => "rotated",
        Renewal::Debounced(_) => "debounced",
        Renewal::Replayed(_) => "replayed",
        Renewal::Forgiven(_) => "forgiven",
        Renewal::Recovered(_) => "recovered",
        Renewal::Reused(_) => "reused",
        Renewal::NotLive(_) => "not_live",
        Renewal::OtherUser => "other_user",
    }
}

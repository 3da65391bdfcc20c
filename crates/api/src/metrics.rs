//! Metrics for Prometheus: what is counted as it happens, and what is looked at when it is asked for.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use store::UnixMillis;
use store::keys::KeyUse;

/// Bounds of the durations, in seconds: from a verification to a sign-in that waited.
const SECONDS: [f64; 12] = [
    0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

/// A label that says what came of something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: String,
}

/// A request that was answered. The route is a pattern of ours, never what a client made up.
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

/// One label of any name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct OneLabel(&'static str, &'static str);

impl EncodeLabelSet for OneLabel {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        (self.0, self.1).encode(encoder.encode_label())
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    durations: Durations,
    sign_ins: Family<Outcome, Counter>,
    renewals: Family<Outcome, Counter>,
    access_key_since: AtomicI64,
    refresh_key_since: AtomicI64,
    events_lost: AtomicU64,
}

/// A family needs to know how to make its histograms.
#[derive(Debug)]
struct Durations(Family<Route, Histogram>);

impl Default for Durations {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(SECONDS)))
    }
}

/// When something began.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[expect(
        clippy::disallowed_methods,
        reason = "a duration, which no clock of ours is fine enough for"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

/// What is looked at when it is asked for.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The present time.
    pub now: UnixMillis,
    /// Passwords that are being hashed, and those that wait.
    pub hashing: (usize, usize),
    /// The state of the store.
    pub store: store::StoreState,
    /// Sessions whose access tokens are refused early.
    pub revocations: usize,
    /// Addresses that each limit tells apart.
    pub limited_addresses: Vec<(&'static str, usize)>,
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

    /// Counts a sign-in, or an attempt.
    pub fn sign_in(&self, outcome: &str) {
        count(&self.sign_ins, outcome);
    }

    /// Counts a renewal.
    pub fn renewal(&self, outcome: &str) {
        count(&self.renewals, outcome);
    }

    /// Counts events that the audit trail has lost.
    pub fn lost_events(&self, count: u64) {
        self.events_lost.fetch_add(count, Ordering::Relaxed);
    }

    /// How many events the audit trail has lost since the start.
    pub fn events_lost(&self) -> u64 {
        self.events_lost.load(Ordering::Relaxed)
    }

    /// Notes since when the key signs that signs now.
    pub fn key_signs_since(&self, key_use: KeyUse, since: UnixMillis) {
        let place = match key_use {
            KeyUse::Access => &self.access_key_since,
            KeyUse::Refresh => &self.refresh_key_since,
        };
        place.store(since.as_millis(), Ordering::Relaxed);
    }

    /// All of it, in the text format of OpenMetrics.
    pub fn encode(&self, snapshot: &Snapshot) -> String {
        let mut registry = Registry::with_prefix("symbolon");
        self.register(&mut registry);
        snapshot.register(self, &mut registry);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &registry);
        text
    }

    fn register(&self, registry: &mut Registry) {
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The service", build);
        registry.register(
            "http_requests",
            "Requests that were answered",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From a request to its answer",
            Unit::Seconds,
            self.durations.0.clone(),
        );
        registry.register(
            "sign_ins",
            "Sign-ins with a password, and attempts",
            self.sign_ins.clone(),
        );
        registry.register(
            "renewals",
            "Renewals that went to the database, by what came of them",
            self.renewals.clone(),
        );
    }
}

impl Snapshot {
    fn register(&self, metrics: &Metrics, registry: &mut Registry) {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut gauge = |name: &str, help: &str, values: &[(OneLabel, i64)]| {
            let family = Family::<OneLabel, Gauge>::default();
            for (label, value) in values {
                family.get_or_create(label).set(*value);
            }
            registry.register(name, help, family);
        };
        let age = |since: &AtomicI64| (self.now.as_millis() - since.load(Ordering::Relaxed)) / 1000;
        let state = |state| OneLabel("state", state);
        gauge(
            "password_hashes",
            "Passwords that are being hashed, and those that wait",
            &[
                (state("running"), whole(self.hashing.0)),
                (state("waiting"), whole(self.hashing.1)),
            ],
        );
        gauge(
            "database_connections",
            "Connections to the database",
            &[
                (state("idle"), whole(self.store.idle)),
                (state("busy"), whole(self.store.busy)),
            ],
        );
        let limits: Vec<_> = self
            .limited_addresses
            .iter()
            .map(|(limit, addresses)| (OneLabel("limit", limit), whole(*addresses)))
            .collect();
        gauge(
            "limited_addresses",
            "Addresses that a limit tells apart",
            &limits,
        );
        gauge(
            "signing_key_age_seconds",
            "Since when the key signs that signs now",
            &[
                (OneLabel("use", "access"), age(&metrics.access_key_since)),
                (OneLabel("use", "refresh"), age(&metrics.refresh_key_since)),
            ],
        );
        let revocations = Gauge::<i64>::default();
        revocations.set(whole(self.revocations));
        registry.register(
            "revocations_live",
            "Sessions whose access tokens are refused before they expire",
            revocations,
        );
        for (name, help, count) in [
            (
                "audit_events_lost",
                "Events that the audit trail has lost",
                metrics.events_lost(),
            ),
            (
                "sqlite_commits",
                "Transactions of the one writer of SQLite",
                self.store.commits,
            ),
            (
                "sqlite_changes",
                "Changes in them: over the transactions, the size of a batch",
                self.store.changes,
            ),
        ] {
            let counter = Counter::<u64>::default();
            counter.inc_by(count);
            registry.register(name, help, counter);
        }
    }
}

fn count(family: &Family<Outcome, Counter>, outcome: &str) {
    family
        .get_or_create(&Outcome {
            outcome: outcome.to_owned(),
        })
        .inc();
}

/// What came of a renewal, in the words of the metrics.
pub(crate) fn of_renewal(renewal: &store::sessions::Renewal) -> &'static str {
    use store::sessions::Renewal;
    match renewal {
        Renewal::Rotated(_) => "rotated",
        Renewal::Debounced(_) => "debounced",
        Renewal::Replayed(_) => "replayed",
        Renewal::Forgiven(_) => "forgiven",
        Renewal::Recovered(_) => "recovered",
        Renewal::Reused(_) => "reused",
        Renewal::Dead(_) => "dead",
    }
}

use std::sync::atomic::{AtomicI64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use store::UnixMillis;

use super::{Metrics, OneLabel};

/// The figures that are read when they are scraped.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The current time.
    pub now: UnixMillis,
    /// Passwords that are being hashed, and passwords that wait.
    pub hashing: (usize, usize),
    /// The figures of the store.
    pub store: store::StoreState,
    /// Sessions on the denylist.
    pub denylist: usize,
    /// Addresses that each limit tracks.
    pub limited_addresses: Vec<(&'static str, usize)>,
    /// Calls that each limit has refused.
    pub limit_refusals: Vec<(&'static str, u64)>,
}

impl Snapshot {
    pub(super) fn register(&self, metrics: &Metrics, registry: &mut Registry) {
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
            "Passwords being hashed and waiting to be hashed",
            &[
                (state("running"), whole(self.hashing.0)),
                (state("waiting"), whole(self.hashing.1)),
            ],
        );
        gauge(
            "database_connections",
            "Database connections",
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
            "Addresses that a limit tracks",
            &limits,
        );
        gauge(
            "signing_key_age_seconds",
            "Time since the active key started to sign",
            &[
                (OneLabel("use", "access"), age(&metrics.access_key_since)),
                (OneLabel("use", "refresh"), age(&metrics.refresh_key_since)),
            ],
        );
        let denylist = Gauge::<i64>::default();
        denylist.set(whole(self.denylist));
        registry.register(
            "denylist_sessions",
            "Revoked sessions whose access tokens are refused",
            denylist,
        );
        self.register_outbox(metrics, registry);
        let refusals = Family::<OneLabel, Counter>::default();
        for (limit, count) in &self.limit_refusals {
            let refused = refusals.get_or_create(&OneLabel("limit", limit));
            refused.inc_by(*count);
        }
        registry.register("limit_refusals", "Calls that a limit refused", refusals);
        self.register_counters(metrics, registry);
    }

    fn register_outbox(&self, metrics: &Metrics, registry: &mut Registry) {
        let waiting = metrics.mails_waiting.load(Ordering::Relaxed);
        let age = match metrics.oldest_mail.load(Ordering::Relaxed) {
            0 => 0,
            oldest => (self.now.as_millis() - oldest) / 1000,
        };
        for (name, help, value) in [
            (
                "outbox_mails",
                "Mails that wait to be delivered",
                i64::try_from(waiting).unwrap_or(i64::MAX),
            ),
            (
                "outbox_oldest_mail_age_seconds",
                "Age of the oldest mail that waits",
                age,
            ),
        ] {
            let gauge = Gauge::<i64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
    }

    fn register_counters(&self, metrics: &Metrics, registry: &mut Registry) {
        for (name, help, count) in [
            (
                "service_keys_unknown",
                "Calls with a service key that does not exist",
                metrics.unknown_service_keys.load(Ordering::Relaxed),
            ),
            (
                "audit_events_lost",
                "Events lost by the audit trail",
                metrics.events_lost(),
            ),
            (
                "sqlite_commits",
                "Transactions committed by the SQLite writer",
                self.store.commits,
            ),
            (
                "sqlite_changes",
                "Changes committed by the SQLite writer; divided by the commits, the batch size",
                self.store.changes,
            ),
        ] {
            let counter = Counter::<u64>::default();
            counter.inc_by(count);
            registry.register(name, help, counter);
        }
    }
}

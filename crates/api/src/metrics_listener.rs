//! Metrics on a separate listener, which serves only `/metrics`: they are for the operator, and stay
//! available while the database is not.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use identity::Ports;
use identity::credentials::PasswordHasher;
use identity::limits::Limits;
use identity::metrics::Snapshot;
use identity::sessions::Denylist;
use identity::sign_in::AccountAttempts;

/// Where the figures come from.
pub(crate) struct MetricsSource {
    pub(crate) ports: Ports,
    pub(crate) hasher: Arc<PasswordHasher>,
    pub(crate) denylist: Arc<Denylist>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) attempts: Arc<AccountAttempts>,
}

impl MetricsSource {
    fn snapshot(&self) -> Snapshot {
        let limits = || self.limits.all().map(|limit| (limit.name(), limit));
        let refused = limits().map(|(name, limit)| (name, limit.refused()));
        let account = ("account", self.attempts.refused());
        Snapshot {
            now: self.ports.clock.now(),
            hashing: self.hasher.load(),
            store: self.ports.store.state(),
            denylist: self.denylist.size(),
            limited_addresses: limits()
                .map(|(name, limit)| (name, limit.addresses()))
                .collect(),
            limit_refusals: refused.chain([account]).collect(),
        }
    }
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.route("/metrics", web::get().to(answer));
}

async fn answer(source: Data<MetricsSource>) -> impl Responder {
    let metrics = source.ports.audit.metrics();
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(metrics.encode(&source.snapshot()))
}

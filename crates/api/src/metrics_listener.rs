//! Metrics on a separate listener, which serves only `/metrics`: they are for the operator, and stay
//! available while the database is not.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use identity::Ports;
use identity::credentials::PasswordHasher;
use identity::limits::{AddressLimit, Limits};
use identity::metrics::Snapshot;
use identity::sessions::Denylist;

/// Where the figures come from.
pub(crate) struct MetricsSource {
    pub(crate) ports: Ports,
    pub(crate) hasher: Arc<PasswordHasher>,
    pub(crate) denylist: Arc<Denylist>,
    pub(crate) limits: Arc<Limits>,
}

impl MetricsSource {
    fn snapshot(&self) -> Snapshot {
        let addresses =
            |limit: &Option<AddressLimit>| limit.as_ref().map_or(0, AddressLimit::addresses);
        Snapshot {
            now: self.ports.clock.now(),
            hashing: self.hasher.load(),
            store: self.ports.store.state(),
            denylist: self.denylist.size(),
            limited_addresses: vec![
                ("sign_in", addresses(&self.limits.sign_in)),
                ("registration", addresses(&self.limits.registration)),
                ("calls", addresses(&self.limits.calls)),
            ],
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

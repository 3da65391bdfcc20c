//! Metrics, on a listener of their own: they are nobody's business but the operator's, and are to be had
//! while the database is away.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};

use crate::accounts::Accounts;
use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::limits::{AddressLimit, Limits};
use crate::metrics::Snapshot;
use crate::revocations::Revocations;

/// What the metrics are taken from.
pub(crate) struct Watch {
    pub(crate) store: AsyncStore,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Watch {
    fn snapshot(&self) -> Snapshot {
        let addresses =
            |limit: &Option<AddressLimit>| limit.as_ref().map_or(0, AddressLimit::addresses);
        Snapshot {
            now: self.clock.now(),
            hashing: self.accounts.hashing(),
            store: self.store.state(),
            revocations: self.revocations.live(),
            limited_addresses: vec![
                ("sign_in", addresses(&self.limits.sign_in)),
                ("registration", addresses(&self.limits.registration)),
                ("calls", addresses(&self.limits.calls)),
            ],
        }
    }
}

pub(crate) fn metrics(config: &mut ServiceConfig) {
    config.route("/metrics", web::get().to(answer));
}

async fn answer(watch: Data<Watch>) -> impl Responder {
    let text = watch.audit.metrics().encode(&watch.snapshot());
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text)
}

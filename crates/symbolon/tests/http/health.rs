use serde_json::json;

use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_running_service_is_live_and_ready
    without_its_keys_or_tables_it_is_live_but_not_ready
}

fn a_running_service_is_live_and_ready(service: &Service) {
    let live = service.client().get("/health/live").send();
    assert_eq!(
        (live.status, live.json()),
        (200, json!({ "status": "live" }))
    );
    let ready = service.client().get("/health/ready").send();
    assert_eq!(
        (ready.status, ready.json()),
        (200, json!({ "status": "ready", "audit_events_lost": 0 }))
    );
}

fn without_its_keys_or_tables_it_is_live_but_not_ready(service: &Service) {
    let ready = || {
        // An answer is given for a second.
        service.advance(std::time::Duration::from_secs(1));
        service.client().get("/health/ready").send()
    };
    service.execute("DELETE FROM keys WHERE key_use = 'refresh'");
    let answer = ready();
    assert_eq!(answer.problem(), (503, "unavailable".into()));
    assert_eq!(answer.json()["detail"], "The database has no signing keys.");
    service.execute("DROP TABLE keys");
    assert_eq!(ready().json()["detail"], "The database is not responding.");
    service.execute("DELETE FROM __diesel_schema_migrations");
    assert_eq!(ready().json()["detail"], "The database is not migrated.");
    assert_eq!(service.client().get("/health/live").send().status, 200);
}

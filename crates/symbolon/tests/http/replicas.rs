//! Two replicas on one PostgreSQL.

use std::time::Duration;

use store::service_keys::Scope;

use crate::Service;
use crate::legacy_client::{sequence, with_service_key, without_service_key};
use crate::support::service::Place;

#[test]
fn a_legacy_client_may_get_either() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let replicas = [Service::start(&place, &[]), Service::start(&place, &[])];
    let key = replicas[0].service_key("django", &[Scope::TokensIssue]);
    sequence(&[&replicas[0], &replicas[1]], with_service_key(&key));
}

#[test]
fn from_a_trusted_network_as_well() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let trusting = ["--trusted-issuers=127.0.0.0/8"];
    let replicas = [
        Service::start(&place, &trusting),
        Service::start(&place, &trusting),
    ];
    sequence(&[&replicas[0], &replicas[1]], without_service_key);
}

#[test]
fn replicas_that_start_at_once_share_their_keys() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let replicas: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Service::start(&place, &[])))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    let token = replicas[0]
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    for replica in &replicas {
        assert_eq!(
            replica.client().get("/api/me").bearer(&token).send().status,
            200
        );
    }
}

#[test]
fn a_rotation_on_one_is_known_on_the_other() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let [here, there] = [Service::start(&place, &[]), Service::start(&place, &[])];
    let client = here.signed_in("ann");
    let stale = client.cookie().unwrap();
    for _ in 0..2 {
        client.post("/api/refresh_all").send();
        here.advance(Duration::from_secs(60));
        there.advance(Duration::from_secs(60));
    }
    let thief = there.client();
    thief.set_cookie(&stale);
    let reused = thief.post("/api/refresh_all").send();
    assert_eq!(reused.problem(), (401, "refresh_reused".into()));
    assert_eq!(
        client.post("/api/refresh_all").send().problem().1,
        "session_revoked"
    );
}

//! Unchanged clients of the service that was replaced: their paths, bodies, cookie and responses.

use std::time::Duration;

use serde_json::json;
use store::service_keys::Scope;

use crate::support::client::Client;
use crate::support::service::{PASSWORD, Place};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_whole_sequence_with_a_service_key
}

/// What every client does; `issue` is how its back end gets tokens by id.
pub(crate) fn sequence(
    services: &[&Service],
    issue: impl Fn(&Client, &str, serde_json::Value) -> (u16, serde_json::Value),
) {
    let mut turn = services.iter().cycle();
    let mut next = || turn.next().unwrap();
    let client_on = |service: &Service, cookie: Option<&str>| {
        let client = service.client();
        if let Some(cookie) = cookie {
            client.set_cookie(cookie);
        }
        client
    };
    let wait = || {
        for service in services {
            service.advance(Duration::from_secs(60));
        }
    };

    let body = json!({ "name": "ann", "email": "ann@example.org", "password": PASSWORD });
    let registered = next().client().post("/api/register").json(body).send();
    assert_eq!(registered.status, 201);
    let user = registered.json();
    assert!(user["id"].is_string() && user["name"] == "ann" && user["email"] == "ann@example.org");

    let client = next().client();
    let body = json!({ "email": "ann@example.org", "password": PASSWORD });
    let login = client.post("/api/login").json(body).send();
    assert!(!login.token().is_empty());
    let cookie = client.cookie().unwrap();

    let client = client_on(next(), Some(&cookie));
    let access = client.post("/api/refresh_access").send();
    assert!(!access.token().is_empty());

    wait();
    let body = json!({ "id": user["id"] });
    let client = client_on(next(), Some(&cookie));
    let all = client.post("/api/refresh_all").json(body).send();
    assert!(!all.token().is_empty());
    let renewed = client.cookie().unwrap();
    assert_ne!(renewed, cookie);

    // A back end that knows the user by a number only.
    next().import("7", "bob");
    let back_end = next().client();
    let (status, issued) = issue(&back_end, "/api/tokens", json!({ "id": 7 }));
    assert_eq!(status, 200);
    assert!(issued["token"].is_string());
    let of_bob = back_end.cookie().unwrap();
    let back_end = next().client();
    let (status, forced) = issue(&back_end, "/api/refresh_all", json!({ "id": 7 }));
    assert_eq!(status, 200);
    assert!(forced["token"].is_string());
    let ended = client_on(next(), Some(&of_bob))
        .post("/api/refresh_access")
        .send();
    assert_eq!(ended.status, 401);

    let client = client_on(next(), Some(&renewed));
    let logout = client.post("/api/logout").send();
    assert_eq!(
        (logout.status, logout.json()),
        (200, json!({ "message": "success" }))
    );
    assert_eq!(client.cookie(), None);
    let after = client_on(next(), Some(&renewed))
        .post("/api/refresh_access")
        .send();
    assert_eq!(after.status, 401);
}

/// With the key in a header, as the only change to the back end.
pub(crate) fn with_service_key(
    key: &str,
) -> impl Fn(&Client, &str, serde_json::Value) -> (u16, serde_json::Value) {
    move |client, path, body| {
        let answer = client.post(path).bearer(key).json(body).send();
        (answer.status, answer.json())
    }
}

/// As it is.
pub(crate) fn without_service_key(
    client: &Client,
    path: &str,
    body: serde_json::Value,
) -> (u16, serde_json::Value) {
    let answer = client.post(path).json(body).send();
    (answer.status, answer.json())
}

fn the_whole_sequence_with_a_service_key(service: &Service) {
    let key = service.service_key("django", &[Scope::TokensIssue]);
    sequence(&[service], with_service_key(&key));
}

fn from_a_trusted_network(place: &Place) {
    let service = Service::start(place, &["--trusted-issuers=127.0.0.1"]);
    sequence(&[&service], without_service_key);
}

#[test]
fn the_whole_sequence_from_a_trusted_network_on_sqlite() {
    from_a_trusted_network(&Place::sqlite());
}

#[test]
fn the_whole_sequence_from_a_trusted_network_on_postgres() {
    if let Some(place) = Place::postgres() {
        from_a_trusted_network(&place);
    }
}

//! The audit trail, as users see it.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::service::{PASSWORD, Place};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_user_sees_what_happened_to_the_account
    a_replay_from_elsewhere_is_suspicious
}

/// The trail is written in the background: waits until it has so many events.
fn events(service: &Service, token: &str, least: usize) -> Vec<Value> {
    for _ in 0..200 {
        let answer = service.client().get("/api/events").bearer(token).send();
        let events = answer.json()["events"].as_array().unwrap().clone();
        if events.len() >= least {
            return events;
        }
        sleep(Duration::from_millis(25));
    }
    panic!("there are fewer than {least} events");
}

fn summaries(events: &[Value]) -> Vec<String> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or("-").to_owned();
    let summaries = events.iter().map(|event| {
        ["kind", "outcome", "reason"]
            .map(|name| text(event, name))
            .join(" ")
    });
    let mut summaries: Vec<_> = summaries.collect();
    // Events within one millisecond are in no order.
    summaries.sort();
    summaries
}

fn a_user_sees_what_happened_to_the_account(service: &Service) {
    let client = service.signed_in("ann");
    service.signed_in("bob");
    let token = client.post("/api/refresh_access").send().token();
    let body = json!({ "email": "ann@example.org", "password": "a guess" });
    let agent = "Mallory/1";
    let guess = service.client().post("/api/login").json(body);
    assert_eq!(guess.header("user-agent", agent).send().status, 401);
    let body = json!({ "current": "a guess", "new": "another good sentence" });
    assert_eq!(
        client
            .post("/api/password")
            .bearer(&token)
            .json(body)
            .send()
            .status,
        422
    );
    assert_eq!(client.post("/api/logout").send().status, 200);
    let again = service.client();
    assert_eq!(
        again
            .post("/api/login")
            .json(Service::credentials("ann"))
            .send()
            .status,
        200
    );
    let token = again.post("/api/refresh_access").send().token();
    let events = events(service, &token, 6);
    let how = "SELECT count(*) AS n FROM events WHERE kind = 'sign_in' AND subject = 'pwd'";
    assert!(
        service.number(how) >= 2,
        "the operator sees how they signed in"
    );
    assert_eq!(
        summaries(&events),
        [
            "password_changed refused wrong_password",
            "registration done -",
            "session_revoked done logout",
            "sign_in done -",
            "sign_in done -",
            "sign_in refused wrong_password",
        ]
    );
    let guess = events
        .iter()
        .find(|event| event["reason"] == "wrong_password" && event["kind"] == "sign_in");
    let guess = guess.unwrap();
    assert_eq!(guess["actor"], Value::Null);
    assert_eq!(guess["ip"], "127.0.0.1");
    assert_eq!(guess["user_agent"], agent);
    let text = json!(events).to_string();
    for secret in [PASSWORD, "a guess", &token, &again.cookie().unwrap()] {
        assert!(!text.contains(secret));
    }
}

fn a_replay_from_elsewhere_is_suspicious(service: &Service) {
    let client = service.signed_in("ann");
    let old = client.cookie().unwrap();
    assert_eq!(client.post("/api/refresh_all").send().status, 200);
    let replay = |agent: &str| {
        let call = service.client().post("/api/refresh_all");
        let call = call.header("cookie", &format!("refreshToken={old}"));
        assert_eq!(call.header("user-agent", agent).send().status, 200);
    };
    let token = client.post("/api/refresh_access").send().token();
    let known = events(service, &token, 2);
    let agent = known[0]["user_agent"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    replay(&agent);
    replay("Mallory/1");
    let events = events(service, &token, 3);
    let suspicious: Vec<_> = summaries(&events)
        .into_iter()
        .filter(|summary| summary.starts_with("replay"))
        .collect();
    assert_eq!(suspicious, ["replay_suspicious done other_user_agent"]);
}

#[test]
fn many_events_come_in_pages() {
    let service = Service::start(&Place::sqlite(), &[]);
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    events(&service, &token, 2);
    let user = client.get("/api/me").bearer(&token).send().json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    service.execute(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 150)
         INSERT INTO events (id, at, kind, outcome, user_id)
         SELECT printf('00000000-0000-7000-8000-%012d', n), 1800000000000 + n, 'sign_in', 'done', '{user}' FROM n"
    ));
    let page = |query: &str| {
        let path = format!("/api/events{query}");
        client.get(&path).bearer(&token).send()
    };
    let first = page("").json();
    assert_eq!(first["events"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap();
    let second = page(&format!("?before={next}")).json();
    assert_eq!(second["events"].as_array().unwrap().len(), 52);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(
        page("?before=x").problem(),
        (422, "validation_failed".into())
    );
}

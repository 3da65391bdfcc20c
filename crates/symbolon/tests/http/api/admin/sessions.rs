use std::time::Duration;

use serde_json::{Value, json};
use store::service_keys::Scope;

use crate::support::client::Answer;
use crate::support::forge;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_live_session_has_no_end
    a_session_says_when_why_and_by_whom_it_was_revoked
    an_expired_session_says_why
    without_the_scope_a_session_is_not_shown
}

fn show(service: &Service, key: &str, id: &str) -> Answer {
    let path = format!("/api/admin/sessions/{id}");
    service.client().get(&path).bearer(key).send()
}

fn session_id(token: &str) -> String {
    forge::claims(token)["sid"].as_str().unwrap().to_owned()
}

fn a_live_session_has_no_end(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersRead]);
    let token = service
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    let session = show(service, &key, &session_id(&token)).json();
    assert_eq!(session["user"], forge::claims(&token)["sub"]);
    assert_eq!(session["ended_at"], Value::Null);
    let unknown = show(service, &key, "0192f0c1-8a9b-7c0d-9e1f-203142536475");
    assert_eq!(unknown.problem(), (404, "session_not_found".into()));
    let malformed = show(service, &key, "x");
    assert_eq!(malformed.problem(), (404, "session_not_found".into()));
}

fn a_session_says_when_why_and_by_whom_it_was_revoked(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite, Scope::TokensIssue]);
    let client = service.client();
    let end = |token: &str| {
        let session = show(service, &key, &session_id(token)).json();
        let word = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(word("ended_at"), "2027-01-15T08:00:00Z");
        (word("end_reason"), word("ended_by"))
    };
    let ann = service.signed_in("ann");
    let first = ann.post("/api/refresh_access").send().token();
    let user = forge::claims(&first)["sub"].as_str().unwrap().to_owned();
    ann.post("/api/logout").send();
    assert_eq!(end(&first), ("logout".into(), format!("user:{user}")));

    let again = service.signed_in_again("ann");
    let second = again.post("/api/refresh_access").send().token();
    let path = format!("/api/admin/users/{user}/sessions");
    client.delete(&path).bearer(&key).send();
    let by_operator = ("revoked_by_operator".into(), "service_key:hr".into());
    assert_eq!(end(&second), by_operator);

    let again = service.signed_in_again("ann");
    let third = again.post("/api/refresh_access").send().token();
    let renewal = client.post("/api/refresh_all").bearer(&key);
    renewal.json(json!({ "id": user })).send();
    assert_eq!(
        end(&third),
        ("forced_renewal".into(), "service_key:hr".into())
    );

    let again = service.signed_in_again("ann");
    let fourth = again.post("/api/refresh_access").send().token();
    let path = format!("/api/admin/users/{user}");
    let disable = client.patch(&path).bearer(&key);
    disable.json(json!({ "disabled": true })).send();
    assert_eq!(
        end(&fourth),
        ("user_disabled".into(), "service_key:hr".into())
    );
}

fn an_expired_session_says_why(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersRead]);
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    service.advance(Duration::from_secs(3 * 86_400));
    service.execute("UPDATE service_keys SET expires_at = NULL");
    let session = show(service, &key, &session_id(&token)).json();
    assert_eq!(session["end_reason"], "idle");
    assert_eq!(session["ended_at"], "2027-01-18T08:00:00Z");
    assert_eq!(session["ended_by"], Value::Null);
}

fn without_the_scope_a_session_is_not_shown(service: &Service) {
    let token = service
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    let id = session_id(&token);
    let issuer = service.service_key("other", &[Scope::TokensIssue]);
    let refused = show(service, &issuer, &id);
    assert_eq!(refused.problem(), (403, "insufficient_scope".into()));
    let own = show(service, &token, &id);
    assert_eq!(own.problem(), (401, "service_key_invalid".into()));
}

/// The session and the audit trail agree about a session that the limit revoked.
#[test]
fn a_session_that_the_limit_revokes_leaves_an_event() {
    let service = Service::start(&Place::sqlite(), &["--sessions-per-user=1"]);
    let key = service.service_key("hr", &[Scope::UsersRead]);
    let first = service
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    let second = service
        .signed_in_again("ann")
        .post("/api/refresh_access")
        .send()
        .token();

    let session = show(&service, &key, &session_id(&first)).json();
    assert_eq!(session["end_reason"], "session_limit");
    assert_eq!(session["ended_by"], "system");
    let event = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(25));
        let events = service
            .client()
            .get("/api/events")
            .bearer(&second)
            .send()
            .json();
        let events = events["events"].as_array().unwrap().clone();
        events
            .into_iter()
            .find(|event| event["kind"] == "session_revoked")
    });
    let event = event.expect("an event");
    assert_eq!(event["session"], session_id(&first));
    assert_eq!(event["reason"], "session_limit");
    assert_eq!(event["actor"], "system");
}

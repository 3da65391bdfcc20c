//! Access tokens of sessions that were revoked elsewhere, and the deletion of expired sessions.

use std::time::Duration;

use store::service_keys::Scope;

use crate::support::client::Client;
use crate::support::forge;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_new_replica_knows_earlier_revocations
    a_shorter_lifetime_counts_for_the_tokens_that_are_out
    expired_sessions_are_deleted
    an_access_token_with_claims_of_before_is_refused
}

/// Asks again and again, for as long as anyone would wait.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let in_time = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        is_so()
    });
    assert!(in_time, "{what}");
}

#[test]
fn what_one_replica_ends_is_refused_by_the_other() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let [here, there] = [Service::start(&place, &[]), Service::start(&place, &[])];
    let client = here.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let elsewhere = there.client();
    // A route that looks nothing up about the session of the token.
    let list = || elsewhere.get("/api/sessions").bearer(&token).send();
    assert_eq!(list().status, 200);

    let key = here.service_key("gateway", &[Scope::TokensIntrospect]);
    let is_active = |service: &Service| {
        let call = service.client().post("/api/introspect").bearer(&key);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        call.body(format!("token={token}")).send().json()["active"] == true
    };
    assert!(is_active(&here) && is_active(&there));

    client.post("/api/logout").send();
    assert!(!is_active(&here), "at once where it was ended");
    until("refused elsewhere", || list().status == 401);
    assert_eq!(list().json()["reason"], "logout");
    assert!(!is_active(&there));
}

fn a_new_replica_knows_earlier_revocations(service: &Service) {
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    client.post("/api/logout").send();
    let another = service.restart(&[]);
    let list = another.client().get("/api/sessions").bearer(&token).send();
    assert_eq!(list.problem(), (401, "session_revoked".into()));
}

fn a_shorter_lifetime_counts_for_the_tokens_that_are_out(service: &Service) {
    let long = service.restart(&["--access-ttl=1h"]);
    let client = long.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let short = long.restart(&["--access-ttl=5m"]);
    let list = || short.client().get("/api/sessions").bearer(&token).send();
    short.advance(Duration::from_secs(301));
    assert_eq!(list().status, 200);
    short.advance(Duration::from_secs(1));
    assert_eq!(list().problem(), (401, "token_expired".into()));
}

fn expired_sessions_are_deleted(service: &Service) {
    service.signed_in("ann");
    service.signed_in("bob");
    assert_eq!(service.count("sessions"), 2);
    let end = crate::support::service::START.as_millis() - 24 * 3_600_000;
    service.execute(&format!(
        "UPDATE sessions SET expires_at = {end} \
         WHERE user_id = (SELECT id FROM users WHERE name = 'ann')"
    ));
    let another = service.restart(&[]);
    until("one is left", || another.count("sessions") == 1);
}

fn an_access_token_with_claims_of_before_is_refused(service: &Service) {
    let replica = service.restart(&[]);
    let scopes = [Scope::UsersWrite, Scope::TokensIntrospect];
    let key = service.service_key("hr", &scopes);
    let ann = service.signed_in("ann");
    let bob = service.signed_in("bob");
    let set_claims = |claims: &str| {
        let claims_of_token = forge::claims(&access_token(&ann));
        let id = claims_of_token["sub"].as_str().unwrap();
        let call = service.client().patch(&format!("/api/admin/users/{id}"));
        let body = serde_json::from_str(claims).unwrap();
        assert_eq!(call.bearer(&key).json(body).send().status, 200);
    };
    set_claims(r#"{"claims":{"role":"admin"}}"#);
    let (admin, other) = (access_token(&ann), access_token(&bob));
    let verify = |service: &Service, token: &str| {
        let call = service.client().get("/api/verify?require=role:admin");
        call.bearer(token).send()
    };
    assert_eq!(verify(service, &admin).status, 200);

    set_claims(r#"{"claims":{}}"#);

    let refused = (401, "token_outdated".to_owned());
    assert_eq!(verify(service, &admin).problem(), refused);
    until("refused elsewhere", || {
        verify(&replica, &admin).status == 401
    });
    assert_eq!(verify(&replica, &admin).problem(), refused);
    let started_later = service.restart(&[]);
    assert_eq!(verify(&started_later, &admin).problem(), refused);
    let introspected = service.client().post("/api/introspect").bearer(&key);
    let introspected = introspected.header("content-type", "application/x-www-form-urlencoded");
    let introspected = introspected.body(format!("token={admin}")).send();
    assert_eq!(introspected.json()["active"], false);
    // A new token has the new claims; others are not affected.
    let denied = (403, "claim_required".to_owned());
    assert_eq!(verify(service, &access_token(&ann)).problem(), denied);
    assert_eq!(verify(service, &other).problem(), denied);
}

fn access_token(client: &Client) -> String {
    client.post("/api/refresh_access").send().token()
}

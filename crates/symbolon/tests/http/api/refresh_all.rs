use std::time::Duration;

use serde_json::json;
use store::service_keys::Scope;

use super::logout::{cookies, sessions};
use crate::support::forge;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_refresh_token_is_rotated
    a_fresh_token_is_not_rotated_again
    a_lost_answer_is_repeated
    two_holders_of_one_token_diverge_and_the_session_is_revoked
    a_given_id_must_be_the_sessions_user
    a_service_key_forces_a_renewal
    a_bad_service_key_is_not_overlooked
    an_access_token_beside_the_cookie_is_ignored
    bad_bodies_are_refused_and_change_nothing
    cookies_of_revoked_sessions_are_in_nobodys_way
}

fn the_refresh_token_is_rotated(service: &Service) {
    let client = service.signed_in("ann");
    let first = client.cookie().unwrap();
    service.advance(Duration::from_secs(3600));

    let answer = client.post("/api/refresh_all").send();

    let second = client.cookie().unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(forge::claims(&first)["gen"], 0);
    assert_eq!(forge::claims(&second)["gen"], 1);
    assert_eq!(forge::claims(&first)["sid"], forge::claims(&second)["sid"]);
    assert!(
        answer
            .header("set-cookie")
            .unwrap()
            .ends_with("Max-Age=259200")
    );
    assert_eq!(
        client.get("/api/me").bearer(&answer.token()).send().status,
        200
    );
}

fn a_fresh_token_is_not_rotated_again(service: &Service) {
    let client = service.signed_in("ann");
    client.post("/api/refresh_all").send();
    let fresh = client.cookie();

    let debounced = client.post("/api/refresh_all").send();

    assert_eq!(debounced.status, 200);
    assert_eq!(debounced.header("set-cookie"), None);
    assert_eq!(client.cookie(), fresh);
}

fn a_lost_answer_is_repeated(service: &Service) {
    let client = service.signed_in("ann");
    let before = client.cookie().unwrap();
    client.post("/api/refresh_all").send();
    let lost = client.cookie().unwrap();

    client.set_cookie(&before);
    service.advance(Duration::from_secs(10));
    let repeated = client.post("/api/refresh_all").send();

    assert_eq!(repeated.status, 200);
    assert_eq!(client.cookie().unwrap(), lost);
}

fn two_holders_of_one_token_diverge_and_the_session_is_revoked(service: &Service) {
    let owner = service.signed_in("ann");
    let thief = service.client();
    thief.set_cookie(&owner.cookie().unwrap());
    let minute = Duration::from_secs(60);

    assert_eq!(owner.post("/api/refresh_all").send().status, 200);
    service.advance(minute);
    assert_eq!(owner.post("/api/refresh_all").send().status, 200);
    service.advance(minute);
    let reused = thief.post("/api/refresh_all").send();
    assert_eq!(reused.problem(), (401, "refresh_reused".into()));
    // A late refusal must not wipe the cookie of a newer sign-in.
    assert_eq!(reused.header("set-cookie"), None);

    let ended = owner.post("/api/refresh_all").send();
    assert_eq!(ended.problem(), (401, "session_revoked".into()));
    assert_eq!(ended.json()["reason"], "reuse");
}

fn a_given_id_must_be_the_sessions_user(service: &Service) {
    let client = service.signed_in("ann");
    let other = service.register("bob")["id"].clone();
    let before = client.cookie();

    let answer = client
        .post("/api/refresh_all")
        .json(json!({ "id": other }))
        .send();
    assert_eq!(answer.problem(), (403, "user_mismatch".into()));
    assert_eq!(client.cookie(), before);

    let token = client.post("/api/refresh_access").send().token();
    let own = forge::claims(&token)["sub"].clone();
    let answer = client
        .post("/api/refresh_all")
        .json(json!({ "id": own }))
        .send();
    assert_eq!(answer.status, 200);
}

fn a_service_key_forces_a_renewal(service: &Service) {
    let key = service.service_key("backend", &[Scope::TokensIssue]);
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let id = forge::claims(&token)["sub"].clone();
    let force = |body| {
        service
            .client()
            .post("/api/refresh_all")
            .bearer(&key)
            .json(body)
            .send()
    };

    let forced = force(json!({ "id": id }));

    assert_eq!(forced.status, 200);
    assert!(forced.header("set-cookie").is_some());
    let fresh = forge::claims(&forced.token());
    assert_eq!(fresh["sub"], id);
    assert_eq!(fresh["amr"], json!(null));
    let ended = client.post("/api/refresh_access").send();
    assert_eq!(ended.problem(), (401, "session_revoked".into()));
    assert_eq!(ended.json()["reason"], "forced_renewal");

    assert_eq!(force(json!({})).invalid_fields(), ["id"]);
    assert_eq!(
        force(json!({ "id": "nobody" })).problem(),
        (404, "user_unknown".into())
    );
    service.execute("UPDATE users SET disabled_at = 1");
    assert_eq!(
        force(json!({ "id": id })).problem(),
        (403, "user_disabled".into())
    );
}

fn a_bad_service_key_is_not_overlooked(service: &Service) {
    let client = service.signed_in("ann");
    let introspector = service.service_key("other", &[Scope::TokensIntrospect]);
    let refresh_with = |key: &str| client.post("/api/refresh_all").bearer(key).send().problem();
    let unknown = refresh_with("symbolon_sk_unknown");
    assert_eq!(unknown, (401, "service_key_invalid".into()));
    assert_eq!(
        refresh_with(&introspector),
        (403, "insufficient_scope".into())
    );
}

fn an_access_token_beside_the_cookie_is_ignored(service: &Service) {
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    assert_eq!(
        client.post("/api/refresh_all").bearer(&token).send().status,
        200
    );
}

fn bad_bodies_are_refused_and_change_nothing(service: &Service) {
    let client = service.signed_in("ann");
    let before = client.cookie();
    let post = |body| client.post("/api/refresh_all").json(body).send();
    for id in [
        json!(1.5),
        json!(null),
        json!(""),
        json!("a b"),
        json!("ы"),
        json!([]),
        json!({}),
        json!(true),
        json!("x".repeat(65)),
        json!(1e300),
    ] {
        assert_eq!(post(json!({ "id": id })).invalid_fields(), ["id"], "{id}");
    }
    assert_eq!(post(json!({ "user": 1 })).invalid_fields(), ["user"]);
    let form = client.post("/api/refresh_all").body("id=1").send();
    assert_eq!(form.problem(), (415, "unsupported_media_type".into()));
    assert_eq!(client.cookie(), before);
    assert_eq!(
        client
            .post("/api/refresh_all")
            .json(json!({}))
            .send()
            .status,
        200
    );
}

fn cookies_of_revoked_sessions_are_in_nobodys_way(service: &Service) {
    let clients = sessions(service, 12);
    let all = cookies(&clients);
    for client in &clients[1..] {
        client.post("/api/logout").send();
    }
    for path in ["/api/refresh_access", "/api/refresh_all"] {
        let call = service.client().post(path).header("cookie", &all);
        assert_eq!(call.send().status, 200, "{path}");
    }
}

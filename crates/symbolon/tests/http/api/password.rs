use serde_json::json;

use crate::support::client::{Answer, Client};
use crate::support::service::PASSWORD;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_new_password_signs_in_and_the_old_one_does_not
    what_will_not_do_is_named_and_changes_nothing
    an_access_token_is_needed
}

const NEW: &str = "correct horse battery staple";

fn change(client: &Client, body: serde_json::Value) -> Answer {
    let token = client.post("/api/refresh_access").send().token();
    client
        .post("/api/password")
        .bearer(&token)
        .json(body)
        .send()
}

fn sign_in(service: &Service, password: &str) -> Answer {
    let credentials = json!({ "email": "ann@example.org", "password": password });
    service.client().post("/api/login").json(credentials).send()
}

fn a_new_password_signs_in_and_the_old_one_does_not(service: &Service) {
    let client = service.signed_in("ann");
    let other = sign_in(service, PASSWORD);
    let answer = change(&client, json!({ "current": PASSWORD, "new": NEW }));
    assert_eq!(answer.json(), json!({ "revoked": 1 }));

    assert_eq!(sign_in(service, NEW).status, 200);
    let refused = sign_in(service, PASSWORD);
    assert_eq!(refused.problem(), (401, "invalid_credentials".into()));
    assert_eq!(client.post("/api/refresh_access").send().status, 200);
    let me = client.get("/api/me").bearer(&other.token()).send();
    assert_eq!(me.json()["reason"], "password_changed");
}

fn what_will_not_do_is_named_and_changes_nothing(service: &Service) {
    let client = service.signed_in("ann");
    let fields = |body| change(&client, body).invalid_fields();
    let wrong = json!({ "current": "something else", "new": NEW });
    assert_eq!(fields(wrong), ["current"]);
    let short = json!({ "current": PASSWORD, "new": "short" });
    assert_eq!(fields(short), ["new"]);
    assert_eq!(fields(json!({ "current": PASSWORD })), ["new"]);
    assert_eq!(sign_in(service, PASSWORD).status, 200);

    // Whoever has no password has none to change.
    service.execute("UPDATE users SET password = NULL");
    let none = json!({ "current": PASSWORD, "new": NEW });
    assert_eq!(fields(none), ["current"]);
}

fn an_access_token_is_needed(service: &Service) {
    let client = service.signed_in("ann");
    let body = json!({ "current": PASSWORD, "new": NEW });
    let answer = client.post("/api/password").json(body).send();
    assert_eq!(answer.problem(), (401, "token_missing".into()));
}

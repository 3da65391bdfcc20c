use std::time::Duration;

use crate::support::forge;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_bearer_sees_who_is_signed_in
    a_revoked_session_is_refused_at_once
    every_bad_token_is_refused_with_its_code
    a_token_speaks_for_its_own_subject
}

fn token_of(service: &Service, name: &str) -> String {
    service
        .signed_in(name)
        .post("/api/refresh_access")
        .send()
        .token()
}

fn the_bearer_sees_who_is_signed_in(service: &Service) {
    let token = token_of(service, "ann");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme} {token}");
        let answer = service
            .client()
            .get("/api/me")
            .header("authorization", &header)
            .send();
        assert_eq!(answer.status, 200);
        let me = answer.json();
        assert_eq!(me["user"]["name"], "ann");
        assert_eq!(me["session"]["id"], forge::claims(&token)["sid"]);
        assert_eq!(me["session"]["created_at"], "2027-01-15T08:00:00Z");
        assert_eq!(me["session"]["idle_expires_at"], "2027-01-18T08:00:00Z");
        assert_eq!(me["session"]["expires_at"], "2027-02-14T08:00:00Z");
    }
}

fn a_revoked_session_is_refused_at_once(service: &Service) {
    let token = token_of(service, "ann");
    service.client().post("/api/logout").bearer(&token).send();
    let answer = service.client().get("/api/me").bearer(&token).send();
    assert_eq!(answer.problem(), (401, "session_revoked".into()));
    assert_eq!(answer.json()["reason"], "logout");
}

fn every_bad_token_is_refused_with_its_code(service: &Service) {
    let client = service.signed_in("ann");
    let good = client.post("/api/refresh_access").send().token();
    let me = |token: &str| service.client().get("/api/me").bearer(token).send();

    let missing = service.client().get("/api/me").send();
    assert_eq!(missing.problem(), (401, "token_missing".into()));
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    let basic = service
        .client()
        .get("/api/me")
        .header("authorization", "Basic YTpi")
        .send();
    assert_eq!(basic.problem(), (401, "token_missing".into()));

    for (token, code) in forge::bad_tokens(&good) {
        let answer = me(&token);
        assert_eq!(answer.problem(), (401, code.into()), "{token}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert_eq!(challenge, r#"Bearer error="invalid_token""#);
    }
    // A refresh token never passes as an access token.
    assert_eq!(
        me(&client.cookie().unwrap()).problem(),
        (401, "token_wrong_type".into())
    );

    // Two seconds of leeway, for the clocks of replicas.
    service.advance(Duration::from_secs(301));
    assert_eq!(me(&good).status, 200);
    service.advance(Duration::from_secs(1));
    assert_eq!(me(&good).problem(), (401, "token_expired".into()));
}

#[test]
fn a_token_of_another_service_is_foreign() {
    let here = Service::start(&Place::sqlite(), &[]);
    let elsewhere = Service::start(&Place::sqlite(), &[]);
    let token = token_of(&elsewhere, "ann");
    let answer = here.client().get("/api/me").bearer(&token).send();
    assert_eq!(answer.problem(), (401, "token_foreign".into()));
}

/// Only a holder of the signing key, or a writer to the database, can bring this about.
fn a_token_speaks_for_its_own_subject(service: &Service) {
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    let bob = service.register("bob")["id"].as_str().unwrap().to_owned();
    service.execute(&format!("UPDATE sessions SET user_id = '{bob}'"));
    let verified = service.client().get("/api/verify").bearer(&token).send();
    let subject = forge::claims(&token)["sub"].as_str().unwrap().to_owned();
    assert_eq!(verified.header("x-user-id"), Some(&*subject));
    let me = service.client().get("/api/me").bearer(&token).send();
    assert_eq!(me.problem(), (401, "session_unknown".into()));
}

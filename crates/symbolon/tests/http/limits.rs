//! Limits on guessing and on floods.

use std::time::Duration;

use serde_json::json;

use crate::support::client::Answer;
use crate::support::service::{PASSWORD, Place};
use crate::{Service, on_both_back_ends};

fn sign_in(service: &Service, password: &str, from: &str) -> Answer {
    let body = json!({ "email": "ann@example.org", "password": password });
    let call = service.client().post("/api/login").json(body);
    call.header("x-forwarded-for", from).send()
}

fn limited(place: &Place, limits: &[&str]) -> Service {
    let proxies = &["--trusted-proxies=127.0.0.1"][..];
    let service = Service::start(place, &[proxies, limits].concat());
    service.register("ann");
    service
}

#[test]
fn an_address_is_limited_and_sees_its_remaining_allowance() {
    let service = limited(&Place::sqlite(), &["--limit-sign-in=3/1m"]);
    let remaining: Vec<_> = (0..3)
        .map(|_| sign_in(&service, "a guess", "192.0.2.1"))
        .map(|answer| answer.header("ratelimit").unwrap().to_owned())
        .collect();
    let left = |n: u32| format!("\"sign-in\";r={n};t=0");
    assert_eq!(remaining, [left(2), left(1), left(0)]);
    let refused = sign_in(&service, PASSWORD, "192.0.2.1");
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert_eq!(refused.header("ratelimit"), Some("\"sign-in\";r=0;t=20"));
    let policy = refused.header("ratelimit-policy");
    assert_eq!(policy, Some("\"sign-in\";q=3;w=60"));
    assert_eq!(refused.problem(), (429, "rate_limited".into()));
    // Others are not in its way.
    assert_eq!(sign_in(&service, PASSWORD, "192.0.2.2").status, 200);
    service.clock.advance(Duration::from_secs(20));
    assert_eq!(sign_in(&service, PASSWORD, "192.0.2.1").status, 200);
}

#[test]
fn who_is_no_trusted_proxy_cannot_choose_an_address() {
    let service = Service::start(&Place::sqlite(), &["--limit-sign-in=3/1m"]);
    service.register("ann");
    let statuses: Vec<_> = (0..4)
        .map(|n| sign_in(&service, "a guess", &format!("192.0.2.{n}")).status)
        .collect();
    assert_eq!(statuses, [401, 401, 401, 429]);
}

#[test]
fn each_limit_counts_only_its_calls() {
    let limits = ["--limit-registration=2/1m", "--limit-calls=5/1m"];
    let service = limited(&Place::sqlite(), &limits);
    // One registration was that of Ann; what cannot be read counts as well.
    let register = || {
        service
            .client()
            .post("/api/register")
            .body("{")
            .header("content-type", "application/json")
            .send()
    };
    let statuses = [register().status, register().status];
    assert_eq!(statuses, [400, 429]);
    let renew = || service.client().post("/api/refresh_access").send().status;
    assert_eq!(
        [renew(), renew(), renew(), renew(), renew(), renew()],
        [401, 401, 401, 401, 401, 429]
    );
    assert_eq!(sign_in(&service, PASSWORD, "127.0.0.1").status, 200);
    // A proxy asks for each request of everyone.
    for _ in 0..10 {
        assert_eq!(service.client().get("/api/verify").send().status, 401);
    }
}

on_both_back_ends! { guesses_at_an_account_are_counted_together }

fn guesses_at_an_account_are_counted_together(service: &Service) {
    let limits = ["--limit-account=4/1m", "--trusted-proxies=127.0.0.1"];
    let replicas = [service.restart(&limits), service.restart(&limits)];
    service.register("ann");
    let statuses = (0..6).map(|n| {
        let from = format!("192.0.2.{n}");
        sign_in(&replicas[n % 2], "a guess", &from).status
    });
    assert_eq!(statuses.collect::<Vec<_>>(), [401, 401, 401, 401, 429, 429]);
    // An address without an account is counted the same, and nothing tells them apart.
    let nobody = json!({ "email": "NOBODY@example.org", "password": "a guess" });
    let statuses = (0..5).map(|n| {
        let call = replicas[n % 2]
            .client()
            .post("/api/login")
            .json(nobody.clone());
        call.send().status
    });
    assert_eq!(statuses.collect::<Vec<_>>(), [401, 401, 401, 401, 429]);
}

#[test]
fn strangers_do_not_lock_the_owner_out_of_a_known_device() {
    let service = limited(&Place::sqlite(), &["--limit-account=3/1m"]);
    let known = service.client();
    let sign_in_known = |password: &str| {
        let body = json!({ "email": "ann@example.org", "password": password });
        known.post("/api/login").json(body).send().status
    };
    assert_eq!(sign_in_known(PASSWORD), 200);
    for n in 0..3 {
        assert_eq!(
            sign_in(&service, "a guess", &format!("192.0.2.{n}")).status,
            401
        );
    }
    assert_eq!(sign_in(&service, PASSWORD, "192.0.2.9").status, 429);
    // The device has an allowance of its own, which does not grow with sign-ins.
    assert_eq!(sign_in_known(PASSWORD), 200);
    let guesses: Vec<_> = (0..4).map(|_| sign_in_known("a guess")).collect();
    assert_eq!(guesses, [401, 401, 401, 429]);
    // Nor is a device known to one user known to another.
    service.register("bob");
    let body = json!({ "email": "bob@example.org", "password": "a guess" });
    let as_bob: Vec<_> = (0..4)
        .map(|_| known.post("/api/login").json(body.clone()).send().status)
        .collect();
    assert_eq!(as_bob, [401, 401, 401, 429]);
}

#[test]
fn a_bearer_does_not_guess_the_password_for_ever() {
    let service = limited(&Place::sqlite(), &["--limit-account=3/1m"]);
    let client = service.client();
    let body = json!({ "email": "ann@example.org", "password": PASSWORD });
    let token = client.post("/api/login").json(body).send().token();
    let change = |current: &str| {
        let body = json!({ "current": current, "new": "another good sentence" });
        client
            .post("/api/password")
            .bearer(&token)
            .json(body)
            .send()
    };
    let statuses: Vec<_> = (0..3).map(|_| change("a guess").status).collect();
    assert_eq!(statuses, [422, 422, 422]);
    assert_eq!(change(PASSWORD).problem(), (429, "rate_limited".into()));
}

#[test]
fn with_another_password_no_device_is_known_any_more() {
    let service = limited(&Place::sqlite(), &["--limit-account=3/1m"]);
    let known = service.client();
    let sign_in_known = |password: &str| {
        let body = json!({ "email": "ann@example.org", "password": password });
        known.post("/api/login").json(body).send()
    };
    let token = sign_in_known(PASSWORD).token();
    let body = json!({ "current": PASSWORD, "new": "another good sentence" });
    let change = known.post("/api/password").bearer(&token).json(body);
    assert_eq!(change.send().status, 200);
    for n in 0..3 {
        let from = format!("192.0.2.{n}");
        assert_eq!(sign_in(&service, "a guess", &from).status, 401);
    }
    assert_eq!(sign_in_known("another good sentence").status, 429);
}

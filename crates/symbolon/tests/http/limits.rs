//! Limits on guessing and on floods.

use std::time::Duration;

use identity::clock::Clock;
use serde_json::json;
use store::service_keys::Scope;

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

#[test]
fn signing_out_and_revoking_are_counted_as_well() {
    let service = limited(&Place::sqlite(), &["--limit-calls=3/1m"]);
    let token = service.signed_in_again("ann").cookie().unwrap();
    let logout = || {
        let call = service.client().post("/api/logout");
        call.header("cookie", &format!("refreshToken={token}"))
            .send()
    };
    let revoke = || {
        let call = service.client().post("/api/revoke");
        call.header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"))
            .send()
    };
    assert_eq!(
        [logout().status, revoke().status, logout().status],
        [200; 3]
    );
    for refused in [logout(), revoke()] {
        assert_eq!(refused.problem(), (429, "rate_limited".into()));
        assert_eq!(refused.header("set-cookie"), None);
    }
}

#[test]
fn made_up_service_keys_are_limited_and_valid_ones_are_not() {
    let place = Place::sqlite();
    let key = Service::start(&place, &[]).service_key("gateway", &[Scope::TokensIntrospect]);
    let service = limited(&place, &["--limit-service-keys=3/1m"]);
    let introspect = |key: &str, from: &str| {
        let call = service.client().post("/api/introspect").bearer(key);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        let call = call.header("x-forwarded-for", from);
        call.body("token=x").send().status
    };
    let made_up: Vec<_> = (0..4)
        .map(|n| introspect(&format!("symbolon_sk_{n}"), "192.0.2.1"))
        .collect();
    assert_eq!(made_up, [401, 401, 401, 429]);
    // Nor is the first use of a key that was made before the start.
    for _ in 0..5 {
        assert_eq!(introspect(&key, "192.0.2.1"), 200);
    }
    assert_eq!(introspect("symbolon_sk_5", "192.0.2.2"), 401);
    // A key that was valid once has to prove itself again.
    service.revoke_service_key("gateway");
    assert_eq!(introspect(&key, "192.0.2.1"), 401);
    assert_eq!(introspect(&key, "192.0.2.1"), 429);
}

#[test]
fn a_planted_device_cookie_takes_nothing_from_the_owner() {
    let service = limited(&Place::sqlite(), &["--limit-account=3/1m"]);
    service.register("eve");
    let device = |name: &str| {
        let answer = service
            .client()
            .post("/api/login")
            .json(Service::credentials(name));
        let answer = answer.send();
        let cookies: Vec<_> = answer.all("set-cookie").map(str::to_owned).collect();
        let cookie = cookies.iter().find(|c| c.contains("Path=/api/login"));
        cookie.unwrap().split(';').next().unwrap().to_owned()
    };
    let (planted, own) = (device("eve"), device("ann"));
    for n in 0..4 {
        sign_in(&service, "a guess", &format!("192.0.2.{n}"));
    }
    let owner = service.client().post("/api/login");
    let owner = owner.header("cookie", &format!("{planted}; {own}"));
    let answer = owner.json(Service::credentials("ann")).send();
    assert_eq!(answer.status, 200);

    // Nor does it bring guesses past what is remembered, into the victim's trail.
    let guess = || {
        let call = service.client().post("/api/login");
        let body = json!({ "email": "ann@example.org", "password": "a guess" });
        call.header("cookie", &planted).json(body).send().status
    };
    let statuses: Vec<_> = (0..40).map(|_| guess()).collect();
    assert_eq!(statuses, [429; 40]);
    // Events are written in order.
    service
        .client()
        .post("/api/login")
        .json(Service::credentials("eve"))
        .send();
    let sign_ins = "SELECT count(*) AS n FROM events WHERE kind = 'sign_in' AND outcome = 'done'";
    until(|| service.number(sign_ins) == 4);
    let refused = "SELECT count(*) AS n FROM events WHERE reason = 'rate_limited'";
    assert_eq!(service.number(refused), 1, "the first in a row");
}

/// Waits for the audit trail.
fn until(is_so: impl Fn() -> bool) {
    let in_time = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        is_so()
    });
    assert!(in_time);
}

on_both_back_ends! {
    guesses_at_an_account_are_counted_together
    a_clock_that_is_set_locks_nobody_out
}

fn a_clock_that_is_set_locks_nobody_out(service: &Service) {
    let limits = [
        "--limit-sign-in=3/1m",
        "--limit-account=3/1m",
        "--limit-calls=3/1m",
        "--trusted-proxies=127.0.0.1",
    ];
    service.register("ann");
    let ahead = service.restart(&limits);
    let start = ahead.clock.now();
    ahead.clock.set(start + Duration::from_secs(3600));
    for n in 0..4 {
        sign_in(&ahead, "a guess", &format!("192.0.2.{n}"));
    }
    ahead.clock.set(start);
    let me = ahead.client().get("/api/me").send();
    assert_eq!(me.problem(), (401, "token_missing".into()));
    // The account's allowance is in the database: it comes back as if it had been used up now.
    ahead.advance(Duration::from_secs(20));
    let answer = sign_in(&ahead, PASSWORD, "192.0.2.9");
    assert!([200, 429].contains(&answer.status));
    ahead.advance(Duration::from_secs(20));
    assert_eq!(sign_in(&ahead, PASSWORD, "192.0.2.9").status, 200);
}

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

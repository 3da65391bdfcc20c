use std::time::Duration;

use serde_json::json;
use store::service_keys::Scope;

use crate::support::client::{Answer, Call, Client};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_live_session_is_told_in_headers
    whoever_is_not_signed_in_is_sent_there_or_told_so
    what_changes_something_must_come_from_the_site_itself
    the_end_of_a_session_counts_at_once
    an_outdated_cookie_counts_for_nothing_and_ends_nothing
    a_session_that_expires_soon_is_renewed_on_the_way
    required_claims_and_the_path_that_comes_back
}

const OWN: &str = "http://localhost:8000";

fn ask(client: &Client, method: &str, uri: &str) -> Call {
    client
        .get("/api/verify/browser")
        .header("x-forwarded-method", method)
        .header("x-forwarded-uri", uri)
}

fn navigate(client: &Client, uri: &str) -> Answer {
    ask(client, "GET", uri)
        .header("sec-fetch-mode", "navigate")
        .send()
}

fn a_live_session_is_told_in_headers(service: &Service) {
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    let verified = ann.get("/api/verify").bearer(&token).send();
    let answer = navigate(&ann, "/orders");
    assert_eq!(answer.status, 200);
    for name in ["x-user-id", "x-session-id"] {
        assert_eq!(answer.header(name), verified.header(name), "{name}");
    }
    assert_eq!(answer.header("set-cookie"), None);
    // An access token is no cookie, and a cookie no access token.
    let by_token = ask(&service.client(), "GET", "/").bearer(&token).send();
    assert_eq!(by_token.problem(), (401, "sign_in_required".into()));
    let missing = ann.get("/api/verify/browser").send();
    assert_eq!(missing.problem(), (400, "request_malformed".into()));
}

fn whoever_is_not_signed_in_is_sent_there_or_told_so(service: &Service) {
    let nobody = service.client();
    let answer = navigate(&nobody, "/orders?page=2&x=//evil.example");
    assert_eq!(answer.status, 302);
    let expected = "http://localhost:8000/sign-in?return_to=http%3A%2F%2Flocalhost%3A8000%2Forders%3Fpage%3D2%26x%3D%2F%2Fevil.example";
    assert_eq!(answer.header("location"), Some(expected));
    // Without the headers of new browsers, by what is accepted.
    let old = ask(&nobody, "GET", "/")
        .header("accept", "text/html,*/*")
        .send();
    assert_eq!(old.status, 302);
    for call in [
        ask(&nobody, "GET", "/data").header("sec-fetch-mode", "cors"),
        ask(&nobody, "GET", "/data").header("accept", "application/json"),
        ask(&nobody, "POST", "/form")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-site", "same-origin"),
    ] {
        assert_eq!(call.send().problem(), (401, "sign_in_required".into()));
    }
    let nginx = nobody.get("/api/verify/browser?redirect=401");
    let nginx = nginx
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-uri", "/");
    let nginx = nginx.header("sec-fetch-mode", "navigate").send();
    assert_eq!(nginx.problem(), (401, "sign_in_required".into()));
    let location = nginx.header("location").unwrap();
    assert!(
        location.starts_with("http://localhost:8000/sign-in?return_to="),
        "{location}"
    );
    for uri in ["", "orders", "https://evil.example/"] {
        let call = ask(&nobody, "GET", uri).send();
        assert_eq!(call.problem(), (400, "request_malformed".into()), "{uri}");
    }
}

fn what_changes_something_must_come_from_the_site_itself(service: &Service) {
    let ann = service.signed_in("ann");
    let status = |method: &str, headers: &[(&str, &str)]| {
        let call = ask(&ann, method, "/form");
        let call = headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value));
        call.send().status
    };
    let (site, origin) = ("sec-fetch-site", "origin");
    for (method, headers, expected) in [
        ("POST", &[(site, "same-origin"), (origin, OWN)][..], 200),
        ("POST", &[(site, "same-origin")], 200),
        ("POST", &[(origin, OWN)], 200),
        ("DELETE", &[(origin, OWN)], 200),
        ("GET", &[], 200),
        ("HEAD", &[(site, "cross-site")], 200),
        (
            "GET",
            &[(site, "cross-site"), ("sec-fetch-mode", "navigate")],
            200,
        ),
        ("POST", &[], 403),
        ("OPTIONS", &[], 403),
        (
            "POST",
            &[(site, "cross-site"), (origin, "https://evil.example")],
            403,
        ),
        (
            "POST",
            &[(site, "same-site"), (origin, "http://wiki.localhost:8000")],
            403,
        ),
        ("POST", &[(site, "none")], 403),
        ("POST", &[(origin, "null")], 403),
        (
            "POST",
            &[(site, "same-origin"), (origin, "https://evil.example")],
            403,
        ),
        ("POST", &[(site, "cross-site"), (origin, OWN)], 403),
        ("GET", &[(origin, "https://evil.example")], 403),
        (
            "GET",
            &[(site, "cross-site"), ("sec-fetch-mode", "websocket")],
            403,
        ),
        (
            "GET",
            &[
                (site, "same-origin"),
                ("sec-fetch-mode", "websocket"),
                (origin, OWN),
            ],
            200,
        ),
        ("get", &[(site, "same-origin")], 200),
    ] {
        assert_eq!(status(method, headers), expected, "{method} {headers:?}");
    }
}

fn the_end_of_a_session_counts_at_once(service: &Service) {
    let ann = service.signed_in("ann");
    let copy = service.client();
    copy.set_cookie(&ann.cookie().unwrap());
    assert_eq!(navigate(&copy, "/").status, 200);
    assert_eq!(ann.post("/api/logout").send().status, 200);
    assert_eq!(navigate(&copy, "/").status, 302);
}

fn an_outdated_cookie_counts_for_nothing_and_ends_nothing(service: &Service) {
    let ann = service.signed_in("ann");
    let thief = service.client();
    thief.set_cookie(&ann.cookie().unwrap());
    service.clock.advance(Duration::from_secs(60));
    assert_eq!(ann.post("/api/refresh_all").send().status, 200);
    // For as long as others may still send it.
    assert_eq!(navigate(&thief, "/").status, 200);
    service.clock.advance(Duration::from_secs(60));
    assert_eq!(navigate(&thief, "/").status, 302);
    assert_eq!(navigate(&ann, "/").status, 200);
    assert_eq!(
        service.number("SELECT count(*) AS n FROM sessions WHERE revoked_at IS NOT NULL"),
        0
    );
}

fn a_session_that_expires_soon_is_renewed_on_the_way(service: &Service) {
    let ann = service.signed_in("ann");
    service.clock.advance(Duration::from_secs(37 * 3600));
    // Three days without a renewal end a session; the page that signs in renews it.
    assert_eq!(navigate(&ann, "/").status, 302);
    let data = ask(&ann, "GET", "/data")
        .header("sec-fetch-mode", "cors")
        .send();
    assert_eq!(data.status, 200);
    assert_eq!(ann.post("/api/refresh_all").send().status, 200);
    assert_eq!(navigate(&ann, "/").status, 200);
}

fn required_claims_and_the_path_that_comes_back(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let ann = service.signed_in("ann");
    let require = || {
        let call = ann.get("/api/verify/browser?require=role:admin");
        call.header("x-forwarded-method", "GET")
            .header("x-forwarded-uri", "/")
            .send()
    };
    assert_eq!(require().problem(), (403, "claim_required".into()));
    let token = ann.post("/api/refresh_access").send().token();
    let id = ann.get("/api/me").bearer(&token).send().json()["user"]["id"].clone();
    let claims = json!({ "claims": { "role": "admin" } });
    let path = format!("/api/admin/users/{}", id.as_str().unwrap());
    assert_eq!(
        ann.patch(&path).bearer(&key).json(claims).send().status,
        200
    );
    // At once: the row of the session says so.
    assert_eq!(require().status, 200);
    // The page that comes after the sign-in is checked again.
    let back = "/continue?return_to=http%3A%2F%2Flocalhost%3A8000%2Forders";
    assert_eq!(
        ann.get(back).send_unchecked().header("location"),
        Some("http://localhost:8000/orders")
    );
}

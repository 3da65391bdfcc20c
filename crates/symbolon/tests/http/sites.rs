//! Sites on other hosts: the way of a browser to the sign-in and back. The test is the proxy.

use std::time::Duration;

use crate::support::client::{Answer, Call, Client};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_browser_gets_a_cookie_at_the_site
    a_code_is_for_one_browser_one_site_and_one_time
    the_end_of_a_session_counts_at_once
    a_cookie_lasts_an_hour_and_is_renewed_by_navigations
    whoever_is_not_signed_in_signs_in_first
    other_hosts_are_refused
}

const WIKI: &str = "http://wiki.localhost";
const SITES: &str = "--sites=http://wiki.localhost,http://shop.localhost";

/// A request of a browser at a host, as the proxy of that host passes it on.
fn at(client: &Client, host: &str, path: &str) -> Call {
    client.get(path).header("x-forwarded-host", host)
}

fn ask(client: &Client, host: &str, mode: &str) -> Answer {
    let call = at(client, host, "/api/verify/browser");
    let call = call
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-uri", "/page?a=b");
    call.header("sec-fetch-mode", mode).send()
}

fn place(answer: &Answer) -> String {
    assert_eq!(answer.status, 302, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

/// The path and query of a URL at this origin.
fn path_at(url: &str, origin: &str) -> String {
    let path = url
        .strip_prefix(origin)
        .unwrap_or_else(|| panic!("{url} at {origin}"));
    path.to_owned()
}

/// The code with which the service sends a browser, signed in at the service, to the site.
fn code(at_service: &Client, at_site: &Client) -> String {
    let start = place(&ask(at_site, "wiki.localhost", "navigate"));
    let start = path_at(&start, "http://localhost:8000");
    place(&at_service.get(&start).send_unchecked())
}

fn a_browser_gets_a_cookie_at_the_site(service: &Service) {
    let service = service.restart(&[SITES]);
    let (ann, wiki) = (service.signed_in("ann"), service.client());
    let callback = path_at(&code(&ann, &wiki), WIKI);
    let answer = at(&wiki, "wiki.localhost", &callback).send_unchecked();
    assert_eq!(place(&answer), "/page?a=b");
    let cookies: Vec<_> = answer.all("set-cookie").collect();
    assert!(
        cookies[0].starts_with("symbolonSite=ey") && cookies[0].contains("HttpOnly"),
        "{cookies:?}"
    );
    assert!(cookies[1].starts_with("symbolonState=;"), "{cookies:?}");
    let known = ask(&wiki, "wiki.localhost", "navigate");
    assert_eq!(known.status, 200);
    let token = ann.post("/api/refresh_access").send().token();
    let verified = ann.get("/api/verify").bearer(&token).send();
    assert_eq!(
        known.header("x-session-id"),
        verified.header("x-session-id")
    );
    // It is good for nothing else: not at another site, nor at the service.
    assert_eq!(ask(&wiki, "shop.localhost", "cors").status, 401);
    let own = wiki
        .get("/api/verify/browser")
        .header("x-forwarded-method", "GET")
        .header("x-forwarded-uri", "/");
    assert_eq!(own.send().status, 401);
    assert_eq!(
        wiki.post("/api/refresh_all").send().problem(),
        (401, "refresh_missing".into())
    );
    // And the refresh cookie is none of the site's.
    assert_eq!(ask(&ann, "wiki.localhost", "cors").status, 401);
}

fn a_code_is_for_one_browser_one_site_and_one_time(service: &Service) {
    let service = service.restart(&[SITES]);
    let (ann, wiki) = (service.signed_in("ann"), service.client());
    let callback = path_at(&code(&ann, &wiki), WIKI);
    let refused = |client: &Client, host: &str, path: &str| {
        let answer = at(client, host, path).send_unchecked();
        assert_eq!(answer.problem(), (404, "link_invalid".into()));
        assert_eq!(answer.header("set-cookie"), None);
    };
    // Somebody's own code, given to another: nobody is signed in as somebody else.
    let victim = service.client();
    refused(&victim, "wiki.localhost", &callback);
    ask(&victim, "wiki.localhost", "navigate");
    refused(&victim, "wiki.localhost", &callback);
    refused(&wiki, "shop.localhost", &callback);
    for altered in [
        callback.replace("code=ey", "code=ex"),
        callback.replace("to=%2F", "to=%2F%2Fevil.localhost%2F"),
        callback.replace("to=%2F", "to=https%3A%2F%2Fevil.localhost%2F"),
    ] {
        refused(&wiki, "wiki.localhost", &altered);
    }
    // That of the last ones counts as used.
    let callback = path_at(&code(&ann, &wiki), WIKI);
    let copy = service.client();
    copy.take_cookies_of(&wiki);
    assert_eq!(
        at(&wiki, "wiki.localhost", &callback)
            .send_unchecked()
            .status,
        302
    );
    refused(&copy, "wiki.localhost", &callback);

    let late = path_at(&code(&ann, &copy), WIKI);
    service.clock.advance(Duration::from_secs(61));
    refused(&copy, "wiki.localhost", &late);
}

fn the_end_of_a_session_counts_at_once(service: &Service) {
    let service = service.restart(&[SITES]);
    let (ann, wiki) = (service.signed_in("ann"), service.client());
    let callback = path_at(&code(&ann, &wiki), WIKI);
    assert_eq!(
        at(&wiki, "wiki.localhost", &callback)
            .send_unchecked()
            .status,
        302
    );
    let unused = {
        let other = service.client();
        (path_at(&code(&ann, &other), WIKI), other)
    };
    assert_eq!(ann.post("/api/logout").send().status, 200);
    assert_eq!(ask(&wiki, "wiki.localhost", "cors").status, 401);
    let (callback, other) = unused;
    let refused = at(&other, "wiki.localhost", &callback).send_unchecked();
    assert_eq!(refused.problem(), (404, "link_invalid".into()));
}

fn a_cookie_lasts_an_hour_and_is_renewed_by_navigations(service: &Service) {
    let service = service.restart(&[SITES]);
    let (ann, wiki) = (service.signed_in("ann"), service.client());
    let callback = path_at(&code(&ann, &wiki), WIKI);
    assert_eq!(
        at(&wiki, "wiki.localhost", &callback)
            .send_unchecked()
            .status,
        302
    );
    service.clock.advance(Duration::from_secs(31 * 60));
    assert_eq!(ask(&wiki, "wiki.localhost", "cors").status, 200);
    let start = place(&ask(&wiki, "wiki.localhost", "navigate"));
    assert!(
        start.starts_with("http://localhost:8000/site/start?to=http%3A%2F%2Fwiki.localhost%2Fpage"),
        "{start}"
    );
    service.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(ask(&wiki, "wiki.localhost", "cors").status, 401);
}

fn whoever_is_not_signed_in_signs_in_first(service: &Service) {
    let service = service.restart(&[SITES]);
    let (nobody, wiki) = (service.client(), service.client());
    let start = code(&nobody, &wiki);
    let back = "http://localhost:8000/sign-in?return_to=http%3A%2F%2Flocalhost%3A8000%2Fsite%2Fstart%3Fto%3Dhttp";
    assert!(start.starts_with(back), "{start}");
    // From there, as the page goes on.
    let return_to = start.split("return_to=").nth(1).unwrap();
    let ann = service.signed_in("ann");
    let on = place(
        &ann.get(&format!("/continue?return_to={return_to}"))
            .send_unchecked(),
    );
    let on = place(
        &ann.get(&path_at(&on, "http://localhost:8000"))
            .send_unchecked(),
    );
    let callback = path_at(&on, WIKI);
    assert_eq!(
        at(&wiki, "wiki.localhost", &callback)
            .send_unchecked()
            .status,
        302
    );
}

fn other_hosts_are_refused(service: &Service) {
    let service = service.restart(&[SITES]);
    let ann = service.signed_in("ann");
    let refused = ask(&ann, "evil.localhost", "navigate");
    assert_eq!(refused.problem(), (400, "request_malformed".into()));
    for to in [
        "http%3A%2F%2Fevil.localhost%2F",
        "http%3A%2F%2Fwiki.localhost%40evil.localhost%2F",
        "%2F%2Fwiki.localhost%2F",
        "javascript%3A1",
    ] {
        let start = ann
            .get(&format!("/site/start?to={to}&state=x"))
            .send_unchecked();
        assert_eq!(start.problem(), (400, "request_malformed".into()), "{to}");
    }
    // A foreign page at one site posts to another.
    let post = at(&ann, "wiki.localhost", "/api/verify/browser");
    let post = post
        .header("x-forwarded-method", "POST")
        .header("x-forwarded-uri", "/form");
    let post = post
        .header("origin", "http://shop.localhost")
        .header("sec-fetch-site", "same-site");
    assert_eq!(post.send().problem(), (403, "origin_denied".into()));
    // Without sites there is no way to one.
    let plain = service.restart(&[]);
    assert_eq!(
        plain
            .client()
            .get("/site/start?to=x&state=x")
            .send_unchecked()
            .status,
        404
    );
}

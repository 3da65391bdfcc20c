//! Malformed requests and unknown paths get problem documents too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use identity::entropy::{Entropy, SystemEntropy};
use serde_json::json;

use crate::support::raw::raw;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    bodies_in_other_encodings
    unknown_paths_and_methods
    a_slash_at_the_end_changes_nothing
    head_is_answered_as_get
    of_two_authorizations_none_counts
    bodies_that_are_not_the_json_asked_for
}

fn unknown_paths_and_methods(service: &Service) {
    let client = service.client();
    for path in [
        "/index.html",
        "/account/index.html",
        "/hosted/",
        "/hosted/nope",
        "/api",
        "/api/",
        "/api/login//",
        "/api/nope",
        "/docs/nope",
        "/%00",
        "/api/../etc/passwd",
        "//api/me",
    ] {
        assert_eq!(
            client.get(path).send().problem(),
            (404, "not_found".into()),
            "{path}"
        );
    }
    for (method, path, allow) in [
        ("GET", "/api/login", "POST"),
        ("DELETE", "/api/login", "POST"),
        ("PUT", "/api/me", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/health/live", "GET, HEAD"),
        ("POST", "/docs.json/", "GET, HEAD"),
        ("OPTIONS", "/api/me", "GET, HEAD, PATCH, DELETE"),
    ] {
        let answer = client.call(method, path).send();
        assert_eq!(
            answer.problem(),
            (405, "method_not_allowed".into()),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

fn a_slash_at_the_end_changes_nothing(service: &Service) {
    service.register("ann");
    let client = service.client();
    let login = client.post("/api/login/").json(Service::credentials("ann"));
    let token = login.send().token();
    let renewed = client.post("/api/refresh_access/").send();
    assert_eq!(renewed.status, 200);
    let verified = client.get("/api/verify/?x=/").bearer(&token).send();
    assert_eq!(verified.status, 200);
    for path in [
        "/health/live/",
        "/.well-known/jwks.json/",
        "/docs.json/",
        "/redoc/",
        "/docs/",
    ] {
        assert_eq!(client.get(path).send().status, 200, "{path}");
    }
}

fn head_is_answered_as_get(service: &Service) {
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    for path in [
        "/health/live",
        "/health/ready",
        "/.well-known/jwks.json",
        "/docs/",
        "/docs.json",
        "/symbolon.js",
        "/sign-in",
        "/hosted/page.css",
        "/api/me",
        "/api/verify",
    ] {
        let [get, head] = ["GET", "HEAD"].map(|method| {
            let call = ann.call(method, path).bearer(&token);
            call.send()
        });
        assert_eq!((get.status, head.status), (200, 200), "{path}");
        for name in ["content-type", "content-length", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
        assert!(head.body.is_empty(), "{path}");
    }
    assert_eq!(ann.call("HEAD", "/api/nope").send().status, 404);
    assert_eq!(ann.call("HEAD", "/api/login").send().status, 405);
}

fn of_two_authorizations_none_counts(service: &Service) {
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    for second in [&token[..], "x"] {
        let call = service
            .client()
            .get("/api/me")
            .bearer(&token)
            .bearer(second);
        let refused = call.send();
        assert_eq!(refused.problem(), (400, "request_malformed".into()));
    }
}

fn bodies_in_other_encodings(service: &Service) {
    let client = service.client();
    let login = |encoding: Option<&str>, body: &[u8]| {
        let call = client
            .post("/api/login")
            .header("content-type", "application/json");
        let call = match encoding {
            Some(encoding) => call.header("content-encoding", encoding),
            None => call,
        };
        call.body(body).send()
    };
    let json = r#"{"email":"ann@example.org","password":"open sesame, please"}"#;
    let utf_16 = |unit: fn(u16) -> [u8; 2]| json.encode_utf16().flat_map(unit).collect::<Vec<_>>();
    let marked = [b"\xef\xbb\xbf", json.as_bytes()].concat();
    for (body, why) in [
        (marked, "byte order mark"),
        (utf_16(u16::to_le_bytes), "UTF-16"),
        (
            [b"\xfe\xff".to_vec(), utf_16(u16::to_be_bytes)].concat(),
            "UTF-16",
        ),
    ] {
        let refused = login(None, &body);
        assert_eq!(refused.problem(), (400, "body_malformed".into()));
        let detail = refused.json()["detail"].to_string();
        assert!(detail.contains(why), "{detail}");
    }
    for encoding in ["gzip", "br", "x"] {
        let refused = login(Some(encoding), json.as_bytes());
        assert_eq!(
            refused.problem(),
            (415, "unsupported_media_type".into()),
            "{encoding}"
        );
    }
    let answered = login(Some("identity"), json.as_bytes());
    assert_eq!(answered.problem(), (401, "invalid_credentials".into()));
}

fn bodies_that_are_not_the_json_asked_for(service: &Service) {
    let client = service.client();
    let login = || client.post("/api/login");
    let json = |body: &[u8]| {
        let call = login().header("content-type", "application/json");
        call.body(body).send().problem()
    };

    let malformed = (400, "body_malformed".to_owned());
    for body in [
        &b"{"[..],
        b"",
        b"{\"email\":}",
        b"\xff\xfe",
        b"{\"email\":\"\",\"password\":\"\"}{}",
        b"{\"email\":\"\xff\"}",
    ] {
        assert_eq!(json(body), malformed, "{body:?}");
    }
    let deep = format!("{{\"email\":{}", "[".repeat(10_000));
    assert!([400, 422].contains(&json(deep.as_bytes()).0));

    let credentials = Service::credentials("ann").to_string();
    for media_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "multipart/form-data",
    ] {
        let answer = login()
            .header("content-type", media_type)
            .body(&*credentials)
            .send();
        assert_eq!(
            answer.problem(),
            (415, "unsupported_media_type".into()),
            "{media_type}"
        );
    }
    for media_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let answer = login()
            .header("content-type", media_type)
            .body(&*credentials)
            .send();
        assert_eq!(
            answer.problem(),
            (401, "invalid_credentials".into()),
            "{media_type}"
        );
    }

    let too_large = (413, "body_too_large".to_owned());
    let large = json!({ "email": "x".repeat(16 * 1024), "password": "" }).to_string();
    assert_eq!(json(large.as_bytes()), too_large);
    let fits = json!({ "email": "x".repeat(16_000), "password": "" }).to_string();
    assert_eq!(json(fits.as_bytes()), (401, "invalid_credentials".into()));
}

#[test]
fn a_body_without_a_length_is_measured_as_it_comes() {
    let service = Service::start(&Place::sqlite(), &[]);
    let chunk = "x".repeat(0x5000);
    let request = format!(
        "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n{chunk}\r\n0\r\n\r\n"
    );
    let answer = raw(&service, request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("body_too_large"), "{answer}");
}

#[test]
fn what_is_not_http_is_answered_without_a_5xx() {
    let service = Service::start(&Place::sqlite(), &[]);
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        "GET /api/me HTTP/1.1\r\nHost: x\r\nA\0B: c\r\nConnection: close\r\n\r\n",
    ] {
        let answer = raw(&service, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
}

#[test]
fn an_unavailable_database_is_answered_with_503_and_used_again_later() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let service = Service::start(&place, &[]);
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let unavailable = (503, "unavailable".to_owned());

    place.outage(|| {
        assert_eq!(
            client.post("/api/refresh_all").send().problem(),
            unavailable
        );
        assert_eq!(
            client.post("/api/refresh_access").send().problem(),
            unavailable
        );
        assert_eq!(
            client.get("/api/me").bearer(&token).send().problem(),
            unavailable
        );
        let login = client.post("/api/login").json(Service::credentials("ann"));
        assert_eq!(login.send().problem(), unavailable);
        assert_eq!(client.get("/health/ready").send().problem(), unavailable);
        // What needs no database goes on.
        assert_eq!(client.get("/health/live").send().status, 200);
        let forged = client.get("/api/me").bearer(&format!("{token}x")).send();
        assert_eq!(forged.status, 401);
        let elsewhere = service.client();
        elsewhere.set_cookie(&client.cookie().unwrap());
        let logout = elsewhere.post("/api/logout").send();
        assert_eq!(logout.problem(), unavailable);
        // The cookie stays, so that the call can be repeated.
        assert_eq!(logout.header("set-cookie"), None);
    });

    // Each failed attempt to connect makes the next one wait longer, up to seconds.
    let ready = (0..100).any(|_| {
        service.clock.advance(Duration::from_secs(1));
        client.get("/health/ready").send().status == 200
    });
    assert!(ready);
    assert_eq!(client.post("/api/refresh_all").send().status, 200);
}

#[test]
fn null_is_refused_and_a_claim_twice_is_as_well() {
    let service = Service::start(&Place::sqlite(), &[]);
    let scopes = [store::service_keys::Scope::UsersWrite];
    let key = service.service_key("hr", &scopes);
    let create = |body: &str| {
        let call = service.client().post("/api/admin/users").bearer(&key);
        let call = call.header("content-type", "application/json");
        call.body(body.as_bytes()).send()
    };
    let ann = r#""name":"Ann","email":"ann@example.org""#;
    for (more, field) in [
        (r#""password":null"#, "password"),
        (r#""claims":null"#, "claims"),
        (r#""claims":{"a":1,"a":2}"#, "claims"),
        (r#""claims":{"a":{"b":1,"b":2}}"#, "claims"),
        (r#""claims":{"a":18446744073709551616}"#, "claims"),
        (r#""id":null"#, "id"),
    ] {
        let answer = create(&format!("{{{ann},{more}}}"));
        assert_eq!(answer.invalid_fields(), [field], "{more}");
    }
    let claims = r#""claims":{"a":18446744073709551615,"b":null}"#;
    assert_eq!(create(&format!("{{{ann},{claims}}}")).status, 201);
    let search = |n| {
        let path = format!("/api/admin/users?search={}", "x".repeat(n));
        service.client().get(&path).bearer(&key).send()
    };
    assert_eq!(search(254).status, 200);
    assert_eq!(search(255).invalid_fields(), ["search"]);
}

/// Fails when it is told to, as an operating system may that has no randomness left.
#[derive(Default)]
struct FailingEntropy {
    system: SystemEntropy,
    fails: AtomicBool,
}

impl Entropy for FailingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        assert!(!self.fails.load(Ordering::SeqCst), "no randomness is left");
        self.system.fill(bytes);
    }
}

#[test]
fn a_handler_that_panics_costs_its_own_request_and_no_other() {
    let entropy = Arc::new(FailingEntropy::default());
    let service = Service::start_with_entropy(&Place::sqlite(), &[], entropy.clone());
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();

    let login = || client.post("/api/login").json(Service::credentials("ann"));

    entropy.fails.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        for answer in [
            client.post("/api/refresh_access").send_unchecked(),
            login().send_unchecked(),
        ] {
            assert_eq!(answer.problem(), (500, "internal".into()));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert!(!String::from_utf8_lossy(&answer.body).contains("randomness"));
        }
        // What needs no randomness goes on.
        let verified = client.get("/api/verify").bearer(&token).send();
        assert_eq!(verified.status, 200);
    }
    entropy.fails.store(false, Ordering::SeqCst);
    assert_eq!(client.post("/api/refresh_all").send().status, 200);
}

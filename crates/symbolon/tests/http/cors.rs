//! Front ends on allowed origins, and pages on others.

use crate::Service;
use crate::support::service::Place;

const APP: &str = "https://app.example.org";

fn service() -> Service {
    let service = Service::start(
        &Place::sqlite(),
        &["--allowed-origins=https://app.example.org"],
    );
    service.register("ann");
    service
}

#[test]
fn an_allowed_origin_signs_in_with_cookies() {
    let service = service();
    let client = service.client();

    let preflight = client
        .call("OPTIONS", "/api/login")
        .header("origin", APP)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "content-type,authorization",
        )
        .send();
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(APP));
    assert_eq!(
        preflight.header("access-control-allow-credentials"),
        Some("true")
    );

    let login = client.post("/api/login").header("origin", APP);
    let login = login.json(Service::credentials("ann")).send();
    login.token();
    assert_eq!(login.header("access-control-allow-origin"), Some(APP));
    assert_eq!(
        login.header("access-control-allow-credentials"),
        Some("true")
    );
    let exposed = login
        .header("access-control-expose-headers")
        .unwrap()
        .to_lowercase();
    assert!(exposed.contains("authorization"), "{exposed}");
    assert!(login.header("vary").unwrap().contains("Origin"));

    let refresh = client.post("/api/refresh_all").header("origin", APP).send();
    assert_eq!(refresh.status, 200);
}

#[test]
fn headers_that_monitoring_adds_are_allowed() {
    let service = service();
    let headers = "baggage,content-type,sentry-trace,traceparent,x-requested-with";
    let preflight = service.client().call("OPTIONS", "/api/login");
    let preflight = preflight
        .header("origin", APP)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", headers)
        .send();
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(APP));
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    let mut allowed: Vec<_> = allowed.split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed.join(","), headers);
}

#[test]
fn subdomains_and_applications_can_be_allowed() {
    let origins = "--allowed-origins=https://*.example.org,capacitor://localhost";
    let service = Service::start(&Place::sqlite(), &[origins]);
    service.register("ann");
    let login = |origin| {
        let login = service.client().post("/api/login").header("origin", origin);
        let answer = login.json(Service::credentials("ann")).send();
        let allowed = answer.header("access-control-allow-origin");
        (answer.status, allowed.map(str::to_owned))
    };
    for origin in ["https://app.example.org", "capacitor://localhost"] {
        assert_eq!(login(origin), (200, Some(origin.to_owned())));
    }
    for origin in [
        "https://a.b.example.org",
        "https://example.org",
        "tauri://localhost",
    ] {
        assert_eq!(login(origin), (403, None), "{origin}");
    }
}

#[test]
fn an_allowed_origin_can_read_problems_as_well() {
    let service = service();
    let answer = service
        .client()
        .post("/api/refresh_all")
        .header("origin", APP)
        .send();
    assert_eq!(answer.problem(), (401, "refresh_missing".into()));
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    let unknown = service
        .client()
        .post("/api/nope")
        .header("origin", APP)
        .send();
    assert_eq!(unknown.problem(), (404, "not_found".into()));
    assert_eq!(unknown.header("access-control-allow-origin"), Some(APP));
}

#[test]
fn any_other_origin_changes_nothing_and_reads_nothing() {
    let service = service();
    let client = service.client();
    client
        .post("/api/login")
        .json(Service::credentials("ann"))
        .send();
    for origin in [
        "https://evil.example",
        "null",
        "http://app.example.org",
        "https://app.example.org.evil.example",
    ] {
        for path in [
            "/api/login",
            "/api/register",
            "/api/tokens",
            "/api/refresh_access",
            "/api/refresh_all",
            "/api/logout",
        ] {
            let call = client.post(path).header("origin", origin);
            let answer = call.json(Service::credentials("ann")).send();
            assert_eq!(
                answer.problem(),
                (403, "origin_denied".into()),
                "{origin} {path}"
            );
            assert_eq!(answer.header("access-control-allow-origin"), None);
            assert_eq!(answer.header("set-cookie"), None);
        }
        let preflight = client
            .call("OPTIONS", "/api/login")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .send();
        assert_eq!(preflight.problem(), (403, "origin_denied".into()));
        assert_eq!(preflight.header("access-control-allow-origin"), None);
    }
    let cross_site = client
        .post("/api/refresh_all")
        .header("sec-fetch-site", "cross-site")
        .send();
    assert_eq!(cross_site.problem(), (403, "origin_denied".into()));
    // Nothing happened to the session.
    assert_eq!(client.post("/api/refresh_access").send().status, 200);
}

#[test]
fn what_is_for_all_origins_is_without_credentials() {
    let service = service();
    for path in ["/.well-known/jwks.json", "/.well-known/revoked-sessions"] {
        for origin in [APP, "https://evil.example.org"] {
            let answer = service.client().get(path).header("origin", origin).send();
            let allowed: Vec<_> = answer.all("access-control-allow-origin").collect();
            let credentials = answer.header("access-control-allow-credentials");
            assert_eq!(
                (&allowed[..], credentials),
                (&["*"][..], None),
                "{path} {origin}"
            );
            let preflight = service.client().call("OPTIONS", path);
            let preflight = preflight
                .header("origin", origin)
                .header("access-control-request-method", "GET")
                .header("access-control-request-headers", "if-none-match")
                .send();
            assert_eq!(preflight.status, 204);
            assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
            assert_eq!(preflight.header("access-control-allow-headers"), Some("*"));
        }
    }
}

#[test]
fn a_refusal_depends_on_the_origin_and_says_so() {
    let service = service();
    let call = service.client().post("/api/logout");
    let refused = call.header("origin", "https://evil.example.org").send();
    assert_eq!(refused.problem(), (403, "origin_denied".into()));
    assert!(refused.header("vary").unwrap().contains("Origin"));
}

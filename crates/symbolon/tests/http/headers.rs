//! The headers of every response.

use std::time::Duration;

use crate::Service;
use crate::support::client::Answer;
use crate::support::service::Place;

#[test]
fn every_answer_carries_the_security_headers() {
    let service = Service::start(&Place::sqlite(), &[]);
    let client = service.client();
    for answer in [
        client.get("/health/live").send(),
        client.get("/api/nope").send(),
        client.get("/docs/").send(),
        client
            .post("/api/login")
            .json(Service::credentials("ann"))
            .send(),
        client.post("/api/login").header("origin", "null").send(),
    ] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(answer.header("cache-control").is_some());
    }
}

/// A proxy has no use for them.
#[test]
fn an_answer_without_a_body_is_only_kept_from_caches() {
    let service = Service::start(&Place::sqlite(), &[]);
    let token = service
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    let verified = service.client().get("/api/verify").bearer(&token).send();
    assert_eq!((verified.status, verified.body.len()), (200, 0));
    assert_eq!(verified.header("cache-control"), Some("no-store"));
    assert_eq!(verified.header("content-security-policy"), None);
    assert_eq!(verified.header("x-frame-options"), None);
    // A refusal may be shown to a person.
    let refused = service.client().get("/api/verify").send();
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn every_answer_names_its_request_and_events_do_as_well() {
    let service = Service::start(&Place::sqlite(), &["--replica=web-1"]);
    service.register("ann");
    let login = |id: &str| {
        let call = service
            .client()
            .post("/api/login")
            .header("x-request-id", id);
        call.json(Service::credentials("ann")).send()
    };
    // Anybody could send one: it is not taken from a peer that is not trusted.
    let (first, second) = (login("made-up"), login("made-up"));
    let id = |answer: &Answer| answer.header("x-request-id").unwrap().to_owned();
    assert_ne!(id(&first), id(&second));
    assert_ne!(id(&first), "made-up");
    let missing = service.client().get("/nothing/here").send();
    assert_ne!(id(&missing), "");
    let sql = format!(
        "SELECT count(*) AS n FROM events WHERE kind = 'sign_in' AND replica = 'web-1' \
         AND request_id = '{}'",
        id(&first)
    );
    let is_recorded = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        service.number(&sql) == 1
    });
    assert!(is_recorded);

    let behind = service.restart(&["--trusted-proxies=127.0.0.1"]);
    let answer = |id: &str| {
        let call = behind.client().get("/health/live");
        call.header("x-request-id", id).send()
    };
    assert_eq!(id(&answer("from-the-proxy")), "from-the-proxy");
    assert_ne!(
        id(&answer("not one, but \"text\"")),
        "not one, but \"text\""
    );
}

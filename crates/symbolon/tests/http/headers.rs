//! The headers of every response.

use crate::Service;
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
    }
}

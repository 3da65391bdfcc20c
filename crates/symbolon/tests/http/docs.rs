//! The pages that document the API, and the document itself.

use std::collections::BTreeSet;

use crate::Service;
use crate::support::service::Place;

fn service() -> Service {
    Service::start(&Place::sqlite(), &[])
}

#[test]
fn the_document_lists_every_call() {
    let document = service().client().get("/docs.json").send().json();
    let paths: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let expected = [
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/revoked-sessions",
        "/api/admin/sessions/{id}",
        "/api/admin/users",
        "/api/admin/users/{id}",
        "/api/admin/users/{id}/password_link",
        "/api/admin/users/{id}/sessions",
        "/api/email/change/undo",
        "/api/email/verify",
        "/api/email/verify/send",
        "/api/events",
        "/api/introspect",
        "/api/invitation/accept",
        "/api/link",
        "/api/login",
        "/api/login/code",
        "/api/login/code/verify",
        "/api/logout",
        "/api/me",
        "/api/me/delete",
        "/api/password",
        "/api/password/forgot",
        "/api/password/set",
        "/api/refresh_access",
        "/api/refresh_all",
        "/api/register",
        "/api/revoke",
        "/api/sessions",
        "/api/sessions/{id}",
        "/api/tokens",
        "/api/verify",
        "/api/verify/browser",
        "/health/live",
        "/health/ready",
    ];
    assert_eq!(paths, expected.map(str::to_owned).into());
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            for member in ["operationId", "summary", "tags"] {
                assert!(!operation[member].is_null(), "{path} has no {member}");
            }
        }
    }
}

#[test]
fn yaml_says_the_same_as_json() {
    let client = service();
    let client = client.client();
    let json = client.get("/docs.json").send().json();
    let answer = client.get("/docs.yaml").send();
    let yaml: serde_json::Value = serde_yaml::from_slice(&answer.body).unwrap();
    assert_eq!(answer.header("content-type"), Some("application/yaml"));
    assert_eq!(yaml, json);
}

#[test]
fn the_pages_ask_this_service_alone_for_what_they_need() {
    let service = service();
    let client = service.client();
    for page in ["/docs/", "/redoc", "/docs/problems"] {
        let answer = client.get(page).send();
        assert_eq!(answer.status, 200);
        let html = String::from_utf8(answer.body.clone()).unwrap();
        for attribute in ["src=\"", "href=\""] {
            for url in html.split(attribute).skip(1) {
                let url = url.split('"').next().unwrap();
                let asset = client.get(url).send();
                assert_eq!(asset.status, 200, "{url} on {page}");
                let media_type = asset.header("content-type").unwrap();
                assert_ne!(media_type, "application/octet-stream", "{url} on {page}");
            }
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            !policy.contains("http") && !policy.contains('*'),
            "{policy}"
        );
        assert!(policy.contains("script-src 'self';"), "{policy}");
    }
    let redirect = client.get("/docs").send();
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (308, Some("/docs/"))
    );
}

#[test]
fn every_code_of_the_document_is_explained_where_its_type_leads() {
    let service = service();
    let client = service.client();
    let document = client.get("/docs.json").send().json().to_string();
    let types = document.split(r#""type":"/docs/"#).skip(1);
    let types: BTreeSet<_> = types.map(|kind| kind.split('"').next().unwrap()).collect();
    assert!(types.len() > 20, "{types:?}");
    for kind in types {
        let (page, anchor) = kind.split_once('#').unwrap();
        let html = client.get(&format!("/docs/{page}")).send().body;
        let html = String::from_utf8(html).unwrap();
        assert!(html.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
}

use std::time::Duration;

use serde_json::json;
use store::service_keys::Scope;

use crate::support::forge;
use crate::support::service::{Place, START};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_service_key_opens_a_session_by_user_id
    an_id_is_a_number_or_a_string
    the_last_use_of_a_key_is_noted_to_the_minute
    without_a_valid_service_key_no_token_is_issued
    a_trusted_back_end_learns_why_the_user_is_refused
}

fn a_service_key_opens_a_session_by_user_id(service: &Service) {
    service.import("42", "ann");
    let key = service.service_key("backend", &[Scope::TokensIssue]);
    let client = service.client();

    let answer = client
        .post("/api/tokens")
        .bearer(&key)
        .json(json!({ "id": 42 }))
        .send();

    assert_eq!(answer.status, 200);
    let claims = forge::claims(&answer.token());
    assert_eq!(claims["sub"], "42");
    assert_eq!(claims["role"], "editor");
    assert_eq!(claims.get("amr"), None);
    assert_eq!(client.post("/api/refresh_all").send().status, 200);
}

fn an_id_is_a_number_or_a_string(service: &Service) {
    service.import("42", "ann");
    service.import("-7", "bob");
    service.import("18446744073709551615", "cy");
    let key = service.service_key("backend", &[Scope::TokensIssue]);
    let issue = |id| {
        let body = json!({ "id": id });
        service
            .client()
            .post("/api/tokens")
            .bearer(&key)
            .json(body)
            .send()
    };
    for id in [json!(42), json!("42"), json!(-7), json!(u64::MAX)] {
        assert_eq!(issue(id.clone()).status, 200, "{id}");
    }
    for id in [json!("042"), json!(43)] {
        assert_eq!(
            issue(id.clone()).problem(),
            (404, "user_unknown".into()),
            "{id}"
        );
    }
    for id in [
        json!(4.2),
        json!(true),
        json!(null),
        json!(""),
        json!("\u{0}"),
    ] {
        assert_eq!(issue(id.clone()).invalid_fields(), ["id"], "{id}");
    }
}

fn the_last_use_of_a_key_is_noted_to_the_minute(service: &Service) {
    service.import("42", "ann");
    let key = service.service_key("backend", &[Scope::TokensIssue]);
    let issue = || {
        let call = service.client().post("/api/tokens").bearer(&key);
        assert_eq!(call.json(json!({ "id": 42 })).send().status, 200);
        service.last_use("backend")
    };
    assert_eq!(service.last_use("backend"), None);
    assert_eq!(issue(), Some(START));
    service.advance(Duration::from_secs(59));
    assert_eq!(issue(), Some(START));
    service.advance(Duration::from_secs(1));
    assert_eq!(issue(), Some(START + Duration::from_secs(60)));
}

fn without_a_valid_service_key_no_token_is_issued(service: &Service) {
    service.import("42", "ann");
    let client = service.signed_in("bob");
    let access_token = client.post("/api/refresh_access").send().token();
    let good = service.service_key("good", &[Scope::TokensIssue]);
    let revoked = service.service_key("revoked", &[Scope::TokensIssue]);
    service.revoke_service_key("revoked");
    let other_scopes: Vec<_> = Scope::ALL
        .iter()
        .copied()
        .filter(|s| *s != Scope::TokensIssue)
        .collect();
    let without_scope = service.service_key("other", &other_scopes);
    let issue = |key: &str| {
        let call = service.client().post("/api/tokens").bearer(key);
        call.json(json!({ "id": 42 })).send()
    };

    let none = service
        .client()
        .post("/api/tokens")
        .json(json!({ "id": 42 }))
        .send();
    assert_eq!(none.problem(), (401, "service_key_missing".into()));
    // The caller is asked who they are before the body is looked at.
    let no_body = service.client().post("/api/tokens").send();
    assert_eq!(no_body.problem(), (401, "service_key_missing".into()));
    for key in [
        "symbolon_sk_",
        "symbolon_sk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &good[..good.len() - 1],
        &format!("{good}A"),
        &good.to_uppercase(),
        &good.repeat(10),
        &revoked,
        &access_token,
    ] {
        let answer = issue(key);
        assert_eq!(
            answer.problem(),
            (401, "service_key_invalid".into()),
            "{key}"
        );
        assert_eq!(
            answer.header("www-authenticate"),
            Some(r#"Bearer error="invalid_token""#)
        );
    }
    let forbidden = issue(&without_scope);
    assert_eq!(forbidden.problem(), (403, "insufficient_scope".into()));
    assert_eq!(
        forbidden.header("www-authenticate"),
        Some(r#"Bearer error="insufficient_scope", scope="tokens:issue""#)
    );
    service.advance(Duration::from_secs(3600));
    assert_eq!(issue(&good).problem(), (401, "service_key_invalid".into()));
}

fn a_trusted_back_end_learns_why_the_user_is_refused(service: &Service) {
    service.import("42", "ann");
    let key = service.service_key("backend", &[Scope::TokensIssue]);
    service.execute("UPDATE users SET disabled_at = 1");
    let answer = service
        .client()
        .post("/api/tokens")
        .bearer(&key)
        .json(json!({ "id": 42 }))
        .send();
    assert_eq!(answer.problem(), (403, "user_disabled".into()));
}

#[test]
fn a_trusted_network_needs_no_service_key() {
    let service = Service::start(&Place::sqlite(), &["--trusted-issuers=127.0.0.0/8"]);
    service.import("42", "ann");
    let issue = || service.client();

    let answer = issue().post("/api/tokens").json(json!({ "id": 42 })).send();
    assert_eq!(answer.status, 200);
    let forced = issue()
        .post("/api/refresh_all")
        .json(json!({ "id": 42 }))
        .send();
    assert_eq!(forced.status, 200);

    for (header, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("via", "1.1 proxy"),
        ("origin", "http://localhost:8000"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let call = issue()
            .post("/api/tokens")
            .header(header, value)
            .json(json!({ "id": 42 }))
            .send();
        assert_eq!(
            call.problem(),
            (401, "service_key_missing".into()),
            "{header}"
        );
        let call = issue().post("/api/refresh_all").header(header, value);
        let call = call.json(json!({ "id": 42 })).send();
        assert_eq!(call.problem(), (401, "refresh_missing".into()), "{header}");
    }
    // A service key that was shown must be good even there.
    for key in [
        "symbolon_sk_x".to_owned(),
        format!("symbolon_sk_{}", "x".repeat(200)),
    ] {
        let call = issue().post("/api/tokens").bearer(&key);
        let bad_key = call.json(json!({ "id": 42 })).send();
        assert_eq!(bad_key.problem(), (401, "service_key_invalid".into()));
    }
}

#[test]
fn a_host_outside_the_trusted_network_needs_a_service_key() {
    let service = Service::start(&Place::sqlite(), &["--trusted-issuers=10.0.0.0/8"]);
    service.import("42", "ann");
    let answer = service
        .client()
        .post("/api/tokens")
        .json(json!({ "id": 42 }))
        .send();
    assert_eq!(answer.problem(), (401, "service_key_missing".into()));
}

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use store::service_keys::Scope;

use crate::support::client::Answer;
use crate::support::forge;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    an_active_access_token_tells_its_claims
    a_refresh_token_is_active_while_it_answers_and_asking_uses_it_not
    a_key_is_sent_as_oauth_clients_send_it
    sessions_of_a_service_key_name_it
    what_is_not_active_says_that_alone
    without_a_key_with_the_scope_nothing_is_revealed
}

fn introspect(service: &Service, key: &str, token: &str) -> Answer {
    introspect_with(service, key, token, "whatever")
}

fn introspect_with(service: &Service, key: &str, token: &str, hint: &str) -> Answer {
    let body = format!("token={token}&token_type_hint={hint}");
    let call = service.client().post("/api/introspect").bearer(key);
    call.header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
}

fn an_active_access_token_tells_its_claims(service: &Service) {
    let key = service.service_key("gateway", &[Scope::TokensIntrospect]);
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();

    let answer = introspect(service, &key, &token);

    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut told = answer.json();
    assert_eq!(told["active"], true);
    assert_eq!(told["token_type"], "Bearer");
    // Else it is what the token says.
    let told = told.as_object_mut().unwrap();
    told.remove("active");
    told.remove("token_type");
    assert_eq!(told["client_id"], "symbolon");
    assert_eq!(told.remove("username"), Some(told["sub"].clone()));
    assert_eq!(told.remove("scope"), Some("".into()));
    assert_eq!(Value::from(told.clone()), forge::claims(&token));
}

fn a_refresh_token_is_active_while_it_answers_and_asking_uses_it_not(service: &Service) {
    let key = service.service_key("gateway", &[Scope::TokensIntrospect]);
    let ann = service.signed_in("ann");
    let told = |token: &str| introspect_with(service, &key, token, "refresh_token").json();
    let active = |token: &str| told(token)["active"] == true;
    let first = ann.cookie().unwrap();
    assert!(active(&first));
    // Where nobody asks for one, it is not taken for an access token.
    let told_of_access = introspect(service, &key, &first).json();
    assert_eq!(told_of_access, json!({ "active": false }));
    ann.post("/api/refresh_all").send();
    let second = ann.cookie().unwrap();
    assert!(active(&first) && active(&second));
    service.advance(Duration::from_secs(60));
    assert!(!active(&first), "it is outdated");
    ann.post("/api/refresh_all").send();
    service.advance(Duration::from_secs(60));
    assert!(!active(&first), "it would end the session");
    let told = told(&ann.cookie().unwrap());
    // And nobody was signed out by asking.
    let access = forge::claims(&ann.post("/api/refresh_access").send().token());
    assert_eq!(
        (&told["active"], &told["sub"]),
        (&json!(true), &access["sub"])
    );
}

fn a_key_is_sent_as_oauth_clients_send_it(service: &Service) {
    let key = service.service_key("my gateway", &[Scope::TokensIntrospect]);
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    let call = |authorization: Option<String>, form: String| {
        let call = service.client().post("/api/introspect");
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        let call = match &authorization {
            Some(value) => call.header("authorization", value),
            None => call,
        };
        call.body(format!("token={token}{form}")).send()
    };
    let basic = |name: &str, key: &str| {
        let pair = STANDARD.encode(format!("{name}:{key}"));
        Some(format!("Basic {pair}"))
    };
    let encoded = key.replace('_', "%5F").replace('-', "%2D");
    for (authorization, form) in [
        (basic("my gateway", &key), String::new()),
        (basic("my+gateway", &encoded), String::new()),
        (
            None,
            format!("&client_id=my+gateway&client_secret={encoded}"),
        ),
        (None, format!("&client_id=my%20gateway&client_secret={key}")),
    ] {
        let told = call(authorization, form).json();
        assert_eq!(told["active"], true, "{told}");
    }
    let both = call(
        basic("my gateway", &key),
        format!("&client_id=x&client_secret={key}"),
    );
    assert_eq!(both.problem(), (422, "validation_failed".into()));
    for (authorization, form) in [
        (basic("other", &key), String::new()),
        (basic("my gateway", "symbolon_sk_x"), String::new()),
        (basic("my gateway", ""), String::new()),
        (None, format!("&client_id=other&client_secret={key}")),
        (None, "&client_id=my+gateway&client_secret=x".to_owned()),
    ] {
        let refused = call(authorization, form.clone());
        let code = refused.problem();
        assert!(
            code == (401, "service_key_invalid".into())
                || code == (401, "service_key_missing".into()),
            "{code:?}"
        );
    }
}

fn sessions_of_a_service_key_name_it(service: &Service) {
    let key = service.service_key("django", &[Scope::TokensIssue, Scope::TokensIntrospect]);
    let id = service.register("ann")["id"].clone();
    let client = service.client();
    let issued = client
        .post("/api/tokens")
        .bearer(&key)
        .json(json!({ "id": id }))
        .send();
    assert_eq!(forge::claims(&issued.token())["client_id"], "django");
    let renewed = client.post("/api/refresh_all").send();
    assert_eq!(forge::claims(&renewed.token())["client_id"], "django");
    let cookie = client.cookie().unwrap();
    let told = introspect_with(service, &key, &cookie, "refresh_token").json();
    assert_eq!(told["client_id"], "django");
}

fn what_is_not_active_says_that_alone(service: &Service) {
    let key = service.service_key("gateway", &[Scope::TokensIntrospect]);
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    let cookie = ann.cookie().unwrap();
    let inactive = |token: &str| {
        for hint in ["access_token", "refresh_token"] {
            let told = introspect_with(service, &key, token, hint).json();
            assert_eq!(told, json!({ "active": false }), "{token}");
        }
    };
    for (bad, _) in forge::bad_tokens(&token) {
        // One that is not there at all is no question.
        if !bad.is_empty() {
            inactive(&bad);
        }
    }
    inactive(&key);
    ann.post("/api/logout").send();
    inactive(&token);
    inactive(&cookie);
}

fn without_a_key_with_the_scope_nothing_is_revealed(service: &Service) {
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    let issues = service.service_key("issuer", &[Scope::TokensIssue]);
    let refused = |key: &str| introspect(service, key, &token).problem();
    assert_eq!(refused(&issues), (403, "insufficient_scope".into()));
    assert_eq!(
        refused("symbolon_sk_unknown"),
        (401, "service_key_invalid".into())
    );
    assert_eq!(refused(&token), (401, "service_key_invalid".into()));
    let bare = service.client().post("/api/introspect");
    let bare = bare.header("content-type", "application/x-www-form-urlencoded");
    let bare = bare.body(format!("token={token}")).send();
    assert_eq!(bare.problem(), (401, "service_key_missing".into()));
}

#[test]
fn a_form_is_asked_for() {
    let service = Service::start(&crate::support::service::Place::sqlite(), &[]);
    let key = service.service_key("gateway", &[Scope::TokensIntrospect]);
    let json = service.client().post("/api/introspect").bearer(&key);
    let json = json.json(json!({ "token": "x" })).send();
    assert_eq!(json.problem(), (415, "unsupported_media_type".into()));
    for form in ["", "tokens=x", "token=x&token=y"] {
        let call = service.client().post("/api/introspect").bearer(&key);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(
            call.body(form).send().problem(),
            (422, "validation_failed".into()),
            "{form}"
        );
    }
}

#[test]
fn tokens_can_be_for_several_and_name_their_client() {
    let arguments = [
        "--audience=https://id.example.org, https://api.example.org",
        "--client-id=shop",
    ];
    let service = Service::start(&crate::support::service::Place::sqlite(), &arguments);
    let ann = service.signed_in("ann");
    let token = ann.post("/api/refresh_access").send().token();
    let claims = forge::claims(&token);
    let audience = json!(["https://id.example.org", "https://api.example.org"]);
    assert_eq!(
        (&claims["aud"], &claims["client_id"]),
        (&audience, &json!("shop"))
    );
    assert_eq!(
        service.client().get("/api/me").bearer(&token).send().status,
        200
    );
}

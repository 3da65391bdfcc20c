use store::service_keys::Scope;

use crate::support::client::Answer;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_holder_of_a_token_revokes_it
    a_back_end_revokes_it_and_the_reason_says_so
    what_is_no_token_of_ours_is_answered_the_same
    a_key_that_is_shown_must_be_good_for_it
    credentials_that_are_no_service_key_are_refused
}

fn revoke(service: &Service, key: Option<&str>, token: &str) -> Answer {
    let call = service.client().post("/api/revoke");
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    let call = match key {
        Some(key) => call.bearer(key),
        None => call,
    };
    call.body(format!("token={token}")).send()
}

fn the_holder_of_a_token_revokes_it(service: &Service) {
    for of_refresh in [true, false] {
        let ann = service.signed_in(if of_refresh { "ann" } else { "bob" });
        let access = ann.post("/api/refresh_access").send().token();
        let token = match of_refresh {
            true => ann.cookie().unwrap(),
            false => access.clone(),
        };
        assert_eq!(revoke(service, None, &token).status, 200);
        let me = service.client().get("/api/me").bearer(&access).send();
        assert_eq!(me.problem(), (401, "session_revoked".into()));
        let renewed = ann.post("/api/refresh_all").send();
        assert_eq!(renewed.json()["reason"], "logout");
        assert_eq!(revoke(service, None, &token).status, 200, "once more");
    }
}

fn a_back_end_revokes_it_and_the_reason_says_so(service: &Service) {
    let key = service.service_key("gateway", &[Scope::TokensRevoke]);
    let ann = service.signed_in("ann");
    assert_eq!(
        revoke(service, Some(&key), &ann.cookie().unwrap()).status,
        200
    );
    let renewed = ann.post("/api/refresh_all").send();
    assert_eq!(renewed.json()["reason"], "revoked_by_operator");
}

fn what_is_no_token_of_ours_is_answered_the_same(service: &Service) {
    let ann = service.signed_in("ann");
    for token in ["x", "a.b.c", "", "%00"] {
        let answer = revoke(service, None, token);
        assert_eq!(
            (answer.status, &*answer.json()["message"].to_string()),
            (200, "\"success\"")
        );
    }
    assert_eq!(ann.post("/api/refresh_access").send().status, 200);
}

fn a_key_that_is_shown_must_be_good_for_it(service: &Service) {
    let ann = service.signed_in("ann");
    let token = ann.cookie().unwrap();
    let key = service.service_key("gateway", &[Scope::TokensIntrospect]);
    let refused = |key: &str| revoke(service, Some(key), &token).problem();
    assert_eq!(refused(&key), (403, "insufficient_scope".into()));
    assert_eq!(
        refused("symbolon_sk_x"),
        (401, "service_key_invalid".into())
    );
    assert_eq!(ann.post("/api/refresh_access").send().status, 200);
}

fn credentials_that_are_no_service_key_are_refused(service: &Service) {
    let ann = service.signed_in("ann");
    let (token, access) = (
        ann.cookie().unwrap(),
        ann.post("/api/refresh_access").send().token(),
    );
    for credentials in [
        "Basic c3ltYm9sb25fc2tfeDp5",
        "Bearer garbage",
        &format!("Bearer {access}"),
        "symbolon_sk_x",
        "",
    ] {
        let call = service.client().post("/api/revoke");
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        let call = call.header("authorization", credentials);
        let refused = call.body(format!("token={token}")).send();
        assert_eq!(
            refused.problem(),
            (401, "service_key_invalid".into()),
            "{credentials}"
        );
    }
    assert_eq!(ann.post("/api/refresh_access").send().status, 200);
}

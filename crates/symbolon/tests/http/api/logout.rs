use std::time::Duration;

use crate::support::client::Answer;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_session_ends_and_the_cookie_goes
    an_access_token_without_a_cookie_suffices
    expired_tokens_suffice
    whatever_comes_is_a_success
    only_the_presented_session_ends
}

fn assert_signed_out(answer: &Answer) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({ "message": "success" }));
    assert_eq!(
        answer.header("set-cookie"),
        Some("refreshToken=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
}

fn the_session_ends_and_the_cookie_goes(service: &Service) {
    let client = service.signed_in("ann");
    let cookie = client.cookie().unwrap();

    assert_signed_out(&client.post("/api/logout").send());

    assert_eq!(client.cookie(), None);
    client.set_cookie(&cookie);
    let answer = client.post("/api/refresh_access").send();
    assert_eq!(answer.problem(), (401, "session_revoked".into()));
    assert_eq!(answer.json()["reason"], "logout");
}

fn an_access_token_without_a_cookie_suffices(service: &Service) {
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    assert_signed_out(&service.client().post("/api/logout").bearer(&token).send());
    assert_eq!(
        client.post("/api/refresh_access").send().problem().1,
        "session_revoked"
    );
}

fn expired_tokens_suffice(service: &Service) {
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    service.advance(Duration::from_secs(3600));
    assert_signed_out(&service.client().post("/api/logout").bearer(&token).send());
    assert_eq!(
        client.post("/api/refresh_access").send().problem().1,
        "session_revoked"
    );
}

fn whatever_comes_is_a_success(service: &Service) {
    assert_signed_out(&service.client().post("/api/logout").send());
    let garbage = service.client();
    garbage.set_cookie("garbage");
    assert_signed_out(&garbage.post("/api/logout").bearer("garbage").send());
    let form = service.client().post("/api/logout").body("a=b").send();
    assert_signed_out(&form);
}

fn only_the_presented_session_ends(service: &Service) {
    let here = service.signed_in("ann");
    let there = service.client();
    there
        .post("/api/login")
        .json(Service::credentials("ann"))
        .send();
    here.post("/api/logout").send();
    assert_eq!(there.post("/api/refresh_access").send().status, 200);
}

use std::time::Duration;

use crate::support::client::{Answer, Client};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_session_ends_and_the_cookie_goes
    an_access_token_without_a_cookie_suffices
    expired_tokens_suffice
    whatever_comes_is_a_success
    only_the_presented_session_ends
    all_presented_sessions_end
    of_too_many_the_bearers_and_the_newest_end_and_the_call_fails
    cookies_of_sessions_that_have_ended_are_in_nobodys_way
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

/// A header with the refresh cookies of these clients.
pub(super) fn cookies(clients: &[Client]) -> String {
    let pairs: Vec<_> = clients
        .iter()
        .map(|client| format!("refreshToken={}", client.cookie().unwrap()))
        .collect();
    pairs.join("; ")
}

fn is_live(client: &Client) -> bool {
    let status = client.post("/api/refresh_access").send().status;
    assert!([200, 401].contains(&status), "{status}");
    status == 200
}

/// Sessions of one user, oldest first.
pub(super) fn sessions(service: &Service, count: usize) -> Vec<Client> {
    service.register("ann");
    let open = |_| {
        service.advance(Duration::from_secs(1));
        service.signed_in_again("ann")
    };
    (0..count).map(open).collect()
}

fn all_presented_sessions_end(service: &Service) {
    let clients = sessions(service, 9);
    let (presented, other) = clients.split_at(8);
    let logout = service.client().post("/api/logout");
    assert_signed_out(&logout.header("cookie", &cookies(presented)).send());
    assert!(!presented.iter().any(is_live));
    assert!(is_live(&other[0]));
}

fn of_too_many_the_bearers_and_the_newest_end_and_the_call_fails(service: &Service) {
    let clients = sessions(service, 20);
    let token = clients[0].post("/api/refresh_access").send().token();
    let logout = || {
        let call = service.client().post("/api/logout").bearer(&token);
        call.header("cookie", &cookies(&clients)).send()
    };
    let answer = logout();
    assert_eq!(answer.problem(), (400, "request_malformed".into()));
    assert_eq!(answer.header("set-cookie"), None);
    let live: Vec<_> = (0..20).filter(|n| is_live(&clients[*n])).collect();
    assert_eq!(live, [1, 2, 3, 4]);
    assert_signed_out(&logout());
    assert!(!clients.iter().any(is_live));
}

fn cookies_of_sessions_that_have_ended_are_in_nobodys_way(service: &Service) {
    let day = Duration::from_secs(86_400);
    let clients = sessions(service, 21);
    let cookies = cookies(&clients);
    service.advance(2 * day);
    // Of those that expire now, no list says so.
    clients[0].post("/api/refresh_access").send();
    clients[0].post("/api/refresh_all").send();
    service.advance(2 * day);
    assert!(is_live(&clients[0]));

    let logout = service.client().post("/api/logout");
    assert_signed_out(&logout.header("cookie", &cookies).send());

    assert!(!is_live(&clients[0]));
}

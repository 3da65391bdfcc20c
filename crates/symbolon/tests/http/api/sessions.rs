use std::time::Duration;

use serde_json::{Value, json};
use store::service_keys::Scope;

use crate::support::client::Client;
use crate::support::forge;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_live_sessions_are_listed_with_their_devices
    a_long_list_continues_where_the_page_ended
    one_session_is_revoked
    revoking_the_current_session_clears_its_cookie
    the_session_of_another_user_is_not_revoked
    all_other_sessions_are_revoked
    every_revocation_gives_its_reason_and_invalidates_the_access_token
    the_oldest_session_ends_where_there_is_a_limit
}

/// Signs in once more.
fn sign_in(service: &Service, name: &str, user_agent: &str) -> Client {
    let client = service.client();
    let login = client.post("/api/login").header("user-agent", user_agent);
    let answer = login.json(Service::credentials(name)).send();
    assert_eq!(answer.status, 200);
    client
}

fn token(client: &Client) -> String {
    client.post("/api/refresh_access").send().token()
}

fn list(client: &Client) -> Vec<Value> {
    let answer = client.get("/api/sessions").bearer(&token(client)).send();
    assert_eq!(answer.status, 200);
    answer.json()["sessions"].as_array().unwrap().clone()
}

fn end(client: &Client, id: &str) -> crate::support::client::Answer {
    let path = format!("/api/sessions/{id}");
    client.call("DELETE", &path).bearer(&token(client)).send()
}

fn id(client: &Client) -> String {
    let sid = &forge::claims(&token(client))["sid"];
    sid.as_str().unwrap().to_owned()
}

fn the_live_sessions_are_listed_with_their_devices(service: &Service) {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let ended = service.signed_in("ann");
    service.signed_in("bob");
    ended.post("/api/logout").send();
    let other = sign_in(service, "ann", "curl/8");
    service.advance(Duration::from_secs(100));
    let here = sign_in(service, "ann", firefox);
    other.post("/api/refresh_all").send();

    let listed = list(&here);
    let expected = json!([
        {
            "id": id(&here),
            "current": true,
            "label": "Firefox on Linux",
            "ip": "127.0.0.1",
            "user_agent": firefox,
            "created_at": "2027-01-15T08:01:40Z",
            "renewed_at": "2027-01-15T08:01:40Z",
            "idle_expires_at": "2027-01-18T08:01:40Z",
            "expires_at": "2027-02-14T08:01:40Z",
        },
        {
            "id": id(&other),
            "current": false,
            "label": "curl",
            "ip": "127.0.0.1",
            "user_agent": "curl/8",
            "created_at": "2027-01-15T08:00:00Z",
            "renewed_at": "2027-01-15T08:01:40Z",
            "idle_expires_at": "2027-01-18T08:01:40Z",
            "expires_at": "2027-02-14T08:00:00Z",
        }
    ]);
    assert_eq!(Value::from(listed), expected);
}

fn a_long_list_continues_where_the_page_ended(service: &Service) {
    service.import("7", "ann");
    let key = service.service_key("django", &[Scope::TokensIssue]);
    let client = service.client();
    let issue = client.post("/api/tokens").bearer(&key);
    let token = issue.json(json!({ "id": 7 })).send().token();
    // Copies of the row, as sign-ins would cost too much time.
    for n in 0..105 {
        service.execute(&format!(
            "INSERT INTO sessions (id, user_id, generation, created_at, idle_expires_at, \
             expires_at, auth_time, amr, claims) \
             SELECT '0192f0c1-0000-7000-8000-{n:012}', user_id, generation, created_at, \
             idle_expires_at, expires_at, auth_time, amr, claims FROM sessions WHERE id NOT LIKE '0192f0c1-0000-7000-8000-%'"
        ));
    }
    let page = |query: &str| {
        let path = format!("/api/sessions{query}");
        client.get(&path).bearer(&token).send()
    };
    let first = page("").json();
    assert_eq!(first["sessions"].as_array().unwrap().len(), 100);
    let next = first["next"].as_str().unwrap();
    let last = page(&format!("?before={next}")).json();
    assert_eq!(last["sessions"].as_array().unwrap().len(), 6);
    assert_eq!(last.get("next"), None);
    assert_eq!(page("?before=x").invalid_fields(), ["before"]);
}

fn one_session_is_revoked(service: &Service) {
    let here = service.signed_in("ann");
    let there = sign_in(service, "ann", "curl/8");
    let ended = end(&here, &id(&there));
    assert_eq!(ended.json(), json!({ "message": "success" }));
    assert_eq!(ended.header("set-cookie"), None);

    let refused = there.post("/api/refresh_access").send();
    assert_eq!(refused.problem(), (401, "session_revoked".into()));
    assert_eq!(refused.json()["reason"], "revoked_by_user");
    assert_eq!(list(&here).len(), 1);
}

fn revoking_the_current_session_clears_its_cookie(service: &Service) {
    let here = service.signed_in("ann");
    let cookie = here.cookie().unwrap();
    assert_eq!(end(&here, &id(&here)).status, 200);
    assert_eq!(here.cookie(), None);
    here.set_cookie(&cookie);
    assert_eq!(
        here.post("/api/refresh_access").send().problem().1,
        "session_revoked"
    );
}

fn the_session_of_another_user_is_not_revoked(service: &Service) {
    let ann = service.signed_in("ann");
    let bob = service.signed_in("bob");
    for unknown in [
        id(&ann).as_str(),
        "0192f0c1-2d3e-7a4b-8c5d-6e7f80910a1b",
        "x",
        &id(&bob).to_uppercase(),
    ] {
        let answer = end(&bob, unknown);
        assert_eq!(answer.problem(), (404, "session_not_found".into()));
    }
    assert_eq!(ann.post("/api/refresh_access").send().status, 200);
    let ended = id(&sign_in(service, "bob", "curl/8"));
    assert_eq!(end(&bob, &ended).status, 200);
    assert_eq!(end(&bob, &ended).problem().0, 404);
}

fn all_other_sessions_are_revoked(service: &Service) {
    let here = service.signed_in("ann");
    let others = [(); 3].map(|()| sign_in(service, "ann", "curl/8"));
    let bob = service.signed_in("bob");
    let end_others = || {
        let call = here.call("DELETE", "/api/sessions").bearer(&token(&here));
        call.send().json()
    };
    assert_eq!(end_others(), json!({ "revoked": 3 }));
    assert_eq!(end_others(), json!({ "revoked": 0 }));
    for other in others {
        let refused = other.post("/api/refresh_all").send();
        assert_eq!(refused.problem(), (401, "session_revoked".into()));
    }
    assert_eq!(bob.post("/api/refresh_access").send().status, 200);
    assert_eq!(list(&here).len(), 1);
}

/// On the replica that ended it, at once, and on a route that looks nothing up.
fn every_revocation_gives_its_reason_and_invalidates_the_access_token(service: &Service) {
    let here = service.signed_in("ann");
    let key = service.service_key("django", &[Scope::TokensIssue]);
    let user_id = here.get("/api/me").bearer(&token(&here)).send().json()["user"]["id"].clone();
    let assert_ended = |client: &Client, access: &str, reason: &str| {
        let refused = client.get("/api/sessions").bearer(access).send();
        assert_eq!(refused.problem(), (401, "session_revoked".into()));
        assert_eq!(refused.json()["reason"], reason);
        let challenge = refused.header("www-authenticate");
        assert_eq!(challenge, Some(r#"Bearer error="invalid_token""#));
        let refused = client.post("/api/refresh_access").send();
        assert_eq!(refused.json()["reason"], reason);
    };

    let victim = sign_in(service, "ann", "curl/8");
    let (access, cookie) = (token(&victim), victim.cookie().unwrap());
    victim.post("/api/logout").send();
    victim.set_cookie(&cookie);
    assert_ended(&victim, &access, "logout");

    let victim = sign_in(service, "ann", "curl/8");
    let access = token(&victim);
    end(&here, &id(&victim));
    assert_ended(&victim, &access, "revoked_by_user");

    let victim = sign_in(service, "ann", "curl/8");
    let access = token(&victim);
    let new = "correct horse battery staple";
    let password = |current: &str, new: &str| {
        let call = here.post("/api/password").bearer(&token(&here));
        call.json(json!({ "current": current, "new": new })).send()
    };
    let answer = password(crate::support::service::PASSWORD, new);
    assert_eq!(answer.json(), json!({ "revoked": 1 }));
    assert_ended(&victim, &access, "password_changed");
    password(new, crate::support::service::PASSWORD);

    let victim = sign_in(service, "ann", "curl/8");
    let (access, stale) = (token(&victim), victim.cookie().unwrap());
    for _ in 0..2 {
        victim.post("/api/refresh_all").send();
        service.advance(Duration::from_secs(60));
    }
    let thief = service.client();
    thief.set_cookie(&stale);
    assert_eq!(
        thief.post("/api/refresh_all").send().problem().1,
        "refresh_reused"
    );
    assert_ended(&victim, &access, "reuse");

    let victim = sign_in(service, "ann", "curl/8");
    let access = token(&victim);
    let forced = service.client().post("/api/refresh_all").bearer(&key);
    let forced = forced.json(json!({ "id": user_id })).send();
    assert_eq!(forced.status, 200);
    assert_ended(&victim, &access, "forced_renewal");
}

fn the_oldest_session_ends_where_there_is_a_limit(service: &Service) {
    let limited = service.restart(&["--sessions-per-user=2"]);
    let first = limited.signed_in("ann");
    let access = token(&first);
    limited.advance(Duration::from_secs(1));
    let second = sign_in(&limited, "ann", "curl/8");
    limited.advance(Duration::from_secs(1));
    let third = sign_in(&limited, "ann", "curl/8");

    let refused = first.get("/api/sessions").bearer(&access).send();
    assert_eq!(refused.problem(), (401, "session_revoked".into()));
    assert_eq!(refused.json()["reason"], "session_limit");
    for live in [second, third] {
        assert_eq!(list(&live).len(), 2);
    }
}

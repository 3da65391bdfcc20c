use std::time::Duration;

use crate::support::forge;
use crate::support::raw::raw;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_new_access_token_comes_without_a_cookie
    the_previous_refresh_token_answers_inside_the_grace_alone
    every_bad_refresh_token_is_refused_with_its_code
    an_idle_session_says_so
    a_stale_cookie_never_spoils_a_good_one
    a_foreign_cookie_that_is_not_text_is_ignored
    a_body_is_ignored
}

fn a_new_access_token_comes_without_a_cookie(service: &Service) {
    let client = service.signed_in("ann");
    let before = client.cookie();
    service.advance(Duration::from_secs(100));

    let answer = client.post("/api/refresh_access").send();

    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(client.cookie(), before);
    let me = client.get("/api/me").bearer(&answer.token()).send();
    assert_eq!(me.status, 200);
}

fn the_previous_refresh_token_answers_inside_the_grace_alone(service: &Service) {
    let client = service.signed_in("ann");
    let previous = client.cookie().unwrap();
    client.post("/api/refresh_all").send();
    let late = service.client();
    late.set_cookie(&previous);

    service.advance(Duration::from_secs(29));
    let inside = late.post("/api/refresh_access").send();
    assert_eq!(inside.status, 200);
    assert_eq!(inside.header("set-cookie"), None);

    service.advance(Duration::from_secs(1));
    // Forgiven once: its holder is given the current token.
    assert_eq!(late.post("/api/refresh_access").send().status, 200);
    assert_eq!(late.cookie(), client.cookie());
    late.set_cookie(&previous);
    let reused = late.post("/api/refresh_access").send();
    assert_eq!(reused.problem(), (401, "refresh_reused".into()));
    assert_eq!(reused.header("set-cookie"), None);
}

fn every_bad_refresh_token_is_refused_with_its_code(service: &Service) {
    let client = service.signed_in("ann");
    let good = client.cookie().unwrap();
    let refresh = |token: &str| {
        let thief = service.client();
        thief.set_cookie(token);
        thief.post("/api/refresh_access").send()
    };

    let missing = service.client().post("/api/refresh_access").send();
    assert_eq!(missing.problem(), (401, "refresh_missing".into()));
    for (token, code) in forge::bad_tokens(&good) {
        assert_eq!(refresh(&token).problem(), (401, code.into()), "{token}");
    }
    let newer = forge::with_claims(&good, |claims| claims["gen"] = 9.into());
    assert_eq!(refresh(&newer).problem(), (401, "token_forged".into()));
    let access = client.post("/api/refresh_access").send().token();
    assert_eq!(refresh(&access).problem(), (401, "token_wrong_type".into()));

    service.execute("DELETE FROM sessions");
    assert_eq!(refresh(&good).problem(), (401, "session_unknown".into()));
    service.advance(Duration::from_secs(30 * 86_400));
    let expired = refresh(&good);
    assert_eq!(expired.problem(), (401, "session_expired".into()));
    assert_eq!(expired.json()["reason"], "absolute");
}

fn an_idle_session_says_so(service: &Service) {
    let client = service.signed_in("ann");
    service.advance(Duration::from_secs(3 * 86_400));
    let answer = client.post("/api/refresh_access").send();
    assert_eq!(answer.problem(), (401, "session_expired".into()));
    assert_eq!(answer.json()["reason"], "idle");
}

fn a_stale_cookie_never_spoils_a_good_one(service: &Service) {
    let old = service.signed_in("ann");
    let stale = old.cookie().unwrap();
    old.post("/api/refresh_all").send();
    service.advance(Duration::from_secs(60));
    old.post("/api/refresh_all").send();
    let newer = service.client();
    newer
        .post("/api/login")
        .json(Service::credentials("ann"))
        .send();
    let good = newer.cookie().unwrap();

    // Two rotations old, of another session; and garbage.
    for others in [stale.as_str(), "garbage", "\"\"", ""] {
        for cookies in [
            format!("refreshToken={others}; refreshToken={good}"),
            format!("refreshToken={good}; a=b; refreshToken={others}"),
        ] {
            let answer = newer
                .post("/api/refresh_access")
                .header("cookie", &cookies)
                .send();
            assert_eq!(answer.status, 200, "{cookies}");
        }
    }
    // The stale one was never looked at: its session lives.
    assert_eq!(old.post("/api/refresh_access").send().status, 200);
    // Two of the same session: the newer one counts.
    let both = format!(
        "refreshToken={stale}; refreshToken={}",
        old.cookie().unwrap()
    );
    let answer = old.post("/api/refresh_all").header("cookie", &both).send();
    assert_eq!(answer.status, 200);
}

fn a_foreign_cookie_that_is_not_text_is_ignored(service: &Service) {
    let client = service.signed_in("ann");
    let good = client.cookie().unwrap();
    let answer = raw(
        service,
        &[
            b"POST /api/refresh_access HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
              Content-Length: 0\r\nCookie: name=\xff\xe9; refreshToken=",
            good.as_bytes(),
            b"; refreshTokens=x\r\n\r\n",
        ]
        .concat(),
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn a_body_is_ignored(service: &Service) {
    let client = service.signed_in("ann");
    let with_json = client
        .post("/api/refresh_access")
        .json(serde_json::json!({ "a": 1 }))
        .send();
    assert_eq!(with_json.status, 200);
    let with_form = client.post("/api/refresh_access").body("a=b").send();
    assert_eq!(with_form.status, 200);
}

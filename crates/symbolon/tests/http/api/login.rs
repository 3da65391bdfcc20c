use std::time::Duration;

use serde_json::json;

use super::logout::{cookies, sessions};
use crate::support::forge;
use crate::support::service::{PASSWORD, Place, START};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    signing_in_answers_a_token_pair
    an_email_signs_in_in_any_case
    an_email_and_a_password_sign_in_from_every_keyboard
    who_may_not_sign_in_gets_one_and_the_same_answer
    each_sign_in_opens_a_session_of_its_own
    signing_in_ends_the_session_that_came_along
    signing_in_ends_it_behind_cookies_of_revoked_sessions_too
}

fn signing_in_answers_a_token_pair(service: &Service) {
    let user = service.register("ann");
    let client = service.client();
    let answer = client
        .post("/api/login")
        .json(Service::credentials("ann"))
        .send();

    let token = answer.token();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["expires_in"], 300);
    assert!(!String::from_utf8_lossy(&answer.body).contains(&client.cookie().unwrap()));

    let now = START.as_millis() / 1000;
    assert_eq!(forge::header(&token)["typ"], "at+jwt");
    assert_eq!(forge::header(&token)["alg"], "ES256");
    let claims = forge::claims(&token);
    assert_eq!(claims["iss"], "http://localhost:8000");
    assert_eq!(claims["aud"], "http://localhost:8000");
    assert_eq!(claims["sub"], user["id"]);
    assert_eq!(claims["iat"], now);
    assert_eq!(claims["exp"], now + 300);
    assert_eq!(claims["auth_time"], now);
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert!(claims["jti"].is_string() && claims["sid"].is_string());

    let cookies: Vec<_> = answer.all("set-cookie").collect();
    let [cookie, device] = cookies[..] else {
        panic!("{cookies:?}");
    };
    let (value, attributes) = device.split_once(';').unwrap();
    assert_eq!(
        attributes,
        " HttpOnly; SameSite=Lax; Path=/api/login; Max-Age=7776000"
    );
    let device_token = value.strip_prefix("knownDevice=").unwrap();
    assert_eq!(forge::header(device_token)["typ"], "device+jwt");
    let (value, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(
        attributes,
        " HttpOnly; SameSite=Lax; Path=/; Max-Age=259200"
    );
    let refresh_token = value.strip_prefix("refreshToken=").unwrap();
    assert_eq!(forge::header(refresh_token)["typ"], "rt+jwt");
    let refresh = forge::claims(refresh_token);
    assert_eq!(refresh["sid"], claims["sid"]);
    assert_eq!(refresh["gen"], 0);
    assert_eq!(refresh["exp"], now + 30 * 86_400);
    assert_eq!(refresh.as_object().unwrap().len(), 4);
}

fn an_email_signs_in_in_any_case(service: &Service) {
    service.register("ann");
    let credentials = json!({ "email": " ANN@Example.org ", "password": PASSWORD });
    assert_eq!(
        service
            .client()
            .post("/api/login")
            .json(credentials)
            .send()
            .status,
        200
    );
}

fn an_email_and_a_password_sign_in_from_every_keyboard(service: &Service) {
    let account = json!({
        "name": "Jose\u{301}", "email": "jose\u{301}@xn--dmin-moa0i.com", "password": "ma\u{f1}ana por la man\u{303}ana"
    });
    let registered = service.client().post("/api/register").json(account).send();
    assert_eq!(registered.status, 201);
    let user = registered.json();
    assert_eq!(
        (&user["name"], &user["email"]),
        (&json!("José"), &json!("josé@dömäin.com"))
    );
    for (email, password) in [
        ("josé@dömäin.com", "mañana por la mañana"),
        (
            "JOSE\u{301}@DO\u{308}MA\u{308}IN.com",
            "man\u{303}ana\u{a0}por la man\u{303}ana",
        ),
        ("josé@ｄömäin。com", "mañana por la mañana"),
    ] {
        let login = service.client().post("/api/login");
        let login = login
            .json(json!({ "email": email, "password": password }))
            .send();
        assert_eq!(login.status, 200, "{email}");
    }
    let again = json!({
        "name": "Eve", "email": "jose\u{301}@dömäin.com", "password": "mañana por la mañana"
    });
    let again = service.client().post("/api/register").json(again).send();
    assert_eq!(again.problem(), (409, "email_taken".into()));
}

fn who_may_not_sign_in_gets_one_and_the_same_answer(service: &Service) {
    service.register("ann");
    service.register("disabled");
    service.execute("UPDATE users SET disabled_at = 1 WHERE name = 'disabled'");
    service.import("7", "without-password");
    let login = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        let answer = service.client().post("/api/login").json(body).send();
        assert_eq!(answer.problem(), (401, "invalid_credentials".into()));
        assert_eq!(answer.header("set-cookie"), None);
        answer.body
    };
    let wrong_password = login("ann@example.org", "incorrect horse battery");
    assert_eq!(login("nobody@example.org", PASSWORD), wrong_password);
    assert_eq!(login("disabled@example.org", PASSWORD), wrong_password);
    assert_eq!(
        login("without-password@example.org", PASSWORD),
        wrong_password
    );
    assert_eq!(login("without-password@example.org", ""), wrong_password);
    assert_eq!(login("", ""), wrong_password);
    assert_eq!(login("ann@example.org\u{0}", PASSWORD), wrong_password);
    assert_eq!(login("' OR 1=1 --", PASSWORD), wrong_password);
}

fn each_sign_in_opens_a_session_of_its_own(service: &Service) {
    service.register("ann");
    let sid = || {
        let answer = service
            .client()
            .post("/api/login")
            .json(Service::credentials("ann"))
            .send();
        forge::claims(&answer.token())["sid"].clone()
    };
    assert_ne!(sid(), sid());
}

#[test]
fn behind_https_the_cookie_is_secure_and_bound_to_the_host() {
    let arguments = [
        "--public-url=https://id.example.org",
        "--cookie-samesite=strict",
        "--idle-ttl=1h",
    ];
    let service = Service::start(&Place::sqlite(), &arguments);
    service.register("ann");
    let answer = service
        .client()
        .post("/api/login")
        .json(Service::credentials("ann"))
        .send();

    let cookie = answer.header("set-cookie").unwrap();
    let (value, attributes) = cookie.split_once(';').unwrap();
    assert!(value.starts_with("__Host-refreshToken="));
    assert_eq!(
        attributes,
        " HttpOnly; SameSite=Strict; Path=/; Max-Age=3600; Secure"
    );
    assert!(answer.header("strict-transport-security").is_some());
    let plain = format!("refreshToken={}", value.split_once('=').unwrap().1);
    let unprefixed = service
        .client()
        .post("/api/refresh_access")
        .header("cookie", &plain)
        .send();
    assert_eq!(unprefixed.problem(), (401, "refresh_missing".into()));
}

#[test]
fn tokens_and_cookie_end_with_the_session() {
    let arguments = ["--session-ttl=10m", "--idle-ttl=10m", "--access-ttl=6m"];
    let service = Service::start(&Place::sqlite(), &arguments);
    let client = service.signed_in("ann");
    service.advance(Duration::from_secs(5 * 60));

    let answer = client.post("/api/refresh_all").send();

    let end = START.as_millis() / 1000 + 600;
    assert_eq!(forge::claims(&answer.token())["exp"], end);
    assert_eq!(answer.json()["expires_in"], 300);
    assert!(
        answer
            .header("set-cookie")
            .unwrap()
            .ends_with("Max-Age=300")
    );
}

fn signing_in_ends_it_behind_cookies_of_revoked_sessions_too(service: &Service) {
    let clients = sessions(service, 12);
    let all = cookies(&clients);
    for client in &clients[1..] {
        client.post("/api/logout").send();
    }
    let login = service.client().post("/api/login").header("cookie", &all);
    assert_eq!(login.json(Service::credentials("ann")).send().status, 200);
    let answer = clients[0].post("/api/refresh_all").send();
    assert_eq!(answer.json()["reason"], "replaced");
}

fn signing_in_ends_the_session_that_came_along(service: &Service) {
    let browser = service.signed_in("ann");
    let elsewhere = service.signed_in_again("ann");
    let token = browser.post("/api/refresh_access").send().token();
    let before = browser.cookie().unwrap();
    // A refused attempt ends nothing.
    let guess = json!({ "email": "ann@example.org", "password": "a wrong guess" });
    assert_eq!(browser.post("/api/login").json(guess).send().status, 401);
    assert_eq!(browser.post("/api/refresh_access").send().status, 200);

    let login = browser.post("/api/login").json(Service::credentials("ann"));
    assert_eq!(login.send().status, 200);

    assert_ne!(browser.cookie().unwrap(), before);
    assert_eq!(browser.post("/api/refresh_access").send().status, 200);
    assert_eq!(elsewhere.post("/api/refresh_access").send().status, 200);
    let old = service.client();
    old.set_cookie(&before);
    let answer = old.post("/api/refresh_all").send();
    assert_eq!(answer.problem(), (401, "session_revoked".into()));
    assert_eq!(answer.json()["reason"], "replaced");
    let me = old.get("/api/me").bearer(&token).send();
    assert_eq!(me.problem(), (401, "session_revoked".into()));
}

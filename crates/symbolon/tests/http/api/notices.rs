use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::support::client::Client;
use crate::support::mailbox::ReadMail;
use crate::support::service::PASSWORD;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    users_are_told_what_happens_to_their_account
    a_device_that_was_used_before_and_that_of_the_registration_are_not_new
    a_session_that_was_used_twice_is_told
    where_addresses_are_proven_others_get_no_notices
    notices_can_be_switched_off
    the_owner_of_a_taken_address_is_told_and_nobody_else
    nobody_is_flooded_with_notices_and_no_link_is_made_useless_by_them
    many_sessions_of_others_hide_none
}

const HOUR: Duration = Duration::from_secs(3600);

fn kinds(service: &Service) -> Vec<&'static str> {
    service.mails().into_iter().map(|mail| mail.kind).collect()
}

fn login(client: &Client) -> String {
    let credentials = Service::credentials("ann");
    client.post("/api/login").json(credentials).send().token()
}

fn users_are_told_what_happens_to_their_account(service: &Service) {
    let ann = service.signed_in("ann");
    let token = login(&ann);
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    let changed = ann.post("/api/password").bearer(&token).json(change);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    assert_eq!(changed.header("user-agent", agent).send().status, 200);
    let mail = service.mail("password_changed", "ann@example.org");
    for part in ["Firefox on Linux", "127.0.0.1", "/forgot-password"] {
        assert!(mail.text.contains(part), "{mail:?}");
    }
    let delete = json!({ "password": "another horse battery" });
    let deleted = ann.delete("/api/me").bearer(&token).json(delete).send();
    assert_eq!(deleted.status, 200, "{deleted:?}");
    service.mail("account_deleted", "ann@example.org");
}

fn a_device_that_was_used_before_and_that_of_the_registration_are_not_new(service: &Service) {
    let ann = service.signed_in("ann");
    service.clock.advance(HOUR);
    login(&ann);
    assert_eq!(kinds(service), [""; 0]);
    login(&service.client());
    assert_eq!(kinds(service), ["new_device"]);
    // However many there are.
    for _ in 0..5 {
        login(&service.client());
    }
    assert_eq!(kinds(service).len(), 3);
}

fn a_session_that_was_used_twice_is_told(service: &Service) {
    let ann = service.signed_in("ann");
    let stolen = ann.cookie().unwrap();
    for _ in 0..2 {
        service.clock.advance(Duration::from_secs(60));
        assert_eq!(ann.post("/api/refresh_all").send().status, 200);
    }
    let thief = service.client();
    thief.set_cookie(&stolen);
    let reused = thief.post("/api/refresh_all").send();
    assert_eq!(reused.problem(), (401, "refresh_reused".into()));
    // The task that delivers adds it.
    let mut told: Vec<ReadMail> = Vec::new();
    for _ in 0..300 {
        told = service.mails();
        if !told.is_empty() {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    assert_eq!(told.len(), 1);
    service.mail("session_reused", "ann@example.org");
}

fn where_addresses_are_proven_others_get_no_notices(service: &Service) {
    let service = service.restart(&["--email-verification=optional"]);
    let ann = service.signed_in("ann");
    let token = login(&ann);
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    let changed = ann.post("/api/password").bearer(&token).json(change).send();
    assert_eq!(changed.status, 200);
    assert_eq!(kinds(&service), ["verify_email"]);
}

fn notices_can_be_switched_off(service: &Service) {
    let service = service.restart(&["--mail-notices=account_deleted"]);
    let ann = service.signed_in("ann");
    let token = login(&ann);
    let change = json!({ "current": PASSWORD, "new": "another horse battery" });
    ann.post("/api/password").bearer(&token).json(change).send();
    assert_eq!(kinds(&service), [""; 0]);
    let delete = json!({ "password": "another horse battery" });
    ann.delete("/api/me").bearer(&token).json(delete).send();
    assert_eq!(kinds(&service), ["account_deleted"]);
}

fn nobody_is_flooded_with_notices_and_no_link_is_made_useless_by_them(service: &Service) {
    let service = service.restart(&["--registration=discreet"]);
    service.register("ann");
    let forgot = json!({ "email": "ann@example.org" });
    let asked = service.client();
    assert_eq!(
        asked
            .post("/api/password/forgot")
            .json(forgot)
            .send()
            .status,
        202
    );
    let own = service.mail("reset_password", "ann@example.org");
    for _ in 0..6 {
        let body = Service::registration("ann");
        assert_eq!(
            service
                .client()
                .post("/api/register")
                .json(body)
                .send()
                .status,
            201
        );
    }
    let told = kinds(&service)
        .into_iter()
        .filter(|kind| *kind == "account_exists");
    assert_eq!(told.count(), 3);
    let by_code =
        json!({ "email": "ann@example.org", "code": own.code(), "new": "another horse battery" });
    assert_eq!(
        asked.post("/api/password/set").json(by_code).send().status,
        200
    );
}

fn many_sessions_of_others_hide_none(service: &Service) {
    let service = service.restart(&["--email-verification=optional"]);
    let reuse = |name: &str| {
        let client = service.signed_in_again(name);
        let stolen = client.cookie().unwrap();
        for _ in 0..2 {
            service.clock.advance(Duration::from_secs(60));
            assert_eq!(client.post("/api/refresh_all").send().status, 200);
        }
        let thief = service.client();
        thief.set_cookie(&stolen);
        assert_eq!(thief.post("/api/refresh_all").send().status, 401);
    };
    // Who is told nothing, because the address is not proven.
    service.register("eve");
    for _ in 0..25 {
        reuse("eve");
    }
    service.register("ann");
    service.execute("UPDATE users SET email_verified_at = 1 WHERE name = 'ann'");
    reuse("ann");
    for _ in 0..600 {
        if kinds(&service).contains(&"session_reused") {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("{:?}", kinds(&service));
}

fn the_owner_of_a_taken_address_is_told_and_nobody_else(service: &Service) {
    let service = service.restart(&["--registration=discreet", "--email-verification=optional"]);
    service.register("ann");
    let eve = service.client();
    let body =
        json!({ "name": "eve", "email": "ann@example.org", "password": "a password of hers" });
    let answer = eve.post("/api/register").json(body).send();
    assert_eq!(answer.status, 201);
    let mail = service.mail("account_exists", "ann@example.org");
    // Who asked cannot answer by code: their browser asked for none.
    let code =
        json!({ "email": "ann@example.org", "code": "1234 5678", "new": "a password of hers" });
    let by_code = eve.post("/api/password/set").json(code).send();
    assert_eq!(by_code.invalid_fields(), ["code"]);
    let by_link = json!({ "token": mail.token(), "new": "another horse battery" });
    assert_eq!(
        service
            .client()
            .post("/api/password/set")
            .json(by_link)
            .send()
            .status,
        200
    );
}

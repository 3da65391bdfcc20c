use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::service::{PASSWORD, Place};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_code_signs_in_once_in_the_browser_that_asked
    a_link_opened_elsewhere_shows_the_code_and_signs_nobody_in
    what_somebody_set_up_with_an_address_that_is_not_theirs_goes
    it_works_for_users_who_have_no_password
    a_code_is_valid_for_ten_minutes
    the_answer_does_not_tell_whether_the_address_is_anybodys
}

const ON: &str = "--sign-in-by-mail=on";

fn ask(client: &Client) -> Answer {
    let body = json!({ "email": "ann@example.org" });
    client.post("/api/login/code").json(body).send()
}

fn answer(client: &Client, mailed: Value) -> Answer {
    client.post("/api/login/code/verify").json(mailed).send()
}

fn a_code_signs_in_once_in_the_browser_that_asked(service: &Service) {
    let service = service.restart(&[ON]);
    service.register("ann");
    service.execute("UPDATE users SET email_verified_at = 1");
    let ann = service.client();
    assert_eq!(ask(&ann).status, 202);
    let code = service.mail("sign_in", "ann@example.org").code();
    // Whoever talks a victim into reading the code out gains nothing by it.
    let other = service.client();
    assert_eq!(
        answer(&other, json!({ "code": code })).invalid_fields(),
        ["code"]
    );
    let signed_in = answer(&ann, json!({ "code": code }));
    let me = ann.get("/api/me").bearer(&signed_in.token()).send().json();
    assert_eq!(me["user"]["email"], "ann@example.org");
    assert!(ann.cookie().is_some());
    assert_eq!(
        answer(&ann, json!({ "code": code })).invalid_fields(),
        ["code"]
    );
    assert_eq!(answer(&ann, json!({})).invalid_fields(), ["code"]);
    // The password stays.
    let credentials = Service::credentials("ann");
    assert_eq!(
        other.post("/api/login").json(credentials).send().status,
        200
    );
}

fn a_link_opened_elsewhere_shows_the_code_and_signs_nobody_in(service: &Service) {
    let service = service.restart(&[ON]);
    service.register("ann");
    let (asked, other) = (service.client(), service.client());
    assert_eq!(ask(&asked).status, 202);
    let mail = service.mail("sign_in", "ann@example.org");
    let link = json!({ "token": mail.token() });
    let look = |client: &Client| client.post("/api/link").json(link.clone()).send().json();
    assert_eq!(look(&other)["code"], mail.code());
    assert_eq!(look(&asked)["code"], Value::Null);
    assert_eq!(
        answer(&other, link.clone()).problem(),
        (403, "other_browser".into())
    );
    assert_eq!(other.cookie(), None);
    assert_eq!(answer(&asked, link).status, 200);
}

fn what_somebody_set_up_with_an_address_that_is_not_theirs_goes(service: &Service) {
    let service = service.restart(&[ON]);
    let thief = service.signed_in("ann");
    let ann = service.client();
    assert_eq!(ask(&ann).status, 202);
    let code = service.mail("sign_in", "ann@example.org").code();
    let token = answer(&ann, json!({ "code": code })).token();
    assert_eq!(thief.post("/api/refresh_all").send().status, 401);
    let credentials = Service::credentials("ann");
    let refused = thief.post("/api/login").json(credentials).send();
    assert_eq!(refused.problem(), (401, "invalid_credentials".into()));
    let me = ann.get("/api/me").bearer(&token).send().json();
    assert_eq!(me["user"]["email_verified"], true);
}

fn it_works_for_users_who_have_no_password(service: &Service) {
    let service = service.restart(&[ON]);
    service.import("7", "ann");
    for _ in 0..2 {
        let ann = service.client();
        assert_eq!(ask(&ann).status, 202);
        let code = service.mail("sign_in", "ann@example.org").code();
        assert_eq!(answer(&ann, json!({ "code": code })).status, 200);
    }
}

fn a_code_is_valid_for_ten_minutes(service: &Service) {
    let service = service.restart(&[ON]);
    service.register("ann");
    let ann = service.client();
    assert_eq!(ask(&ann).status, 202);
    let mail = service.mail("sign_in", "ann@example.org");
    service.clock.advance(Duration::from_secs(600));
    assert_eq!(
        answer(&ann, json!({ "code": mail.code() })).invalid_fields(),
        ["code"]
    );
    let link = json!({ "token": mail.token() });
    assert_eq!(answer(&ann, link).problem(), (404, "link_invalid".into()));
}

fn the_answer_does_not_tell_whether_the_address_is_anybodys(service: &Service) {
    let service = service.restart(&[ON]);
    let ask_and_guess = || {
        let client = service.client();
        let asked = ask(&client);
        let guess = answer(&client, json!({ "code": "12345678" }));
        let shown = |answer: Answer| (answer.status, answer.header_names(), answer.json());
        (shown(asked), shown(guess))
    };
    let unknown = ask_and_guess();
    service.register("ann");
    assert_eq!(ask_and_guess(), unknown);
}

#[test]
fn it_is_off_by_default() {
    let service = Service::start(&Place::sqlite(), &[]);
    let client = service.client();
    service.register("ann");
    assert_eq!(ask(&client).problem(), (404, "sign_in_by_mail_off".into()));
    let mailed = json!({ "code": "1234 5678" });
    assert_eq!(
        answer(&client, mailed).problem(),
        (404, "sign_in_by_mail_off".into())
    );
    let credentials = json!({ "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(
        client.post("/api/login").json(credentials).send().status,
        200
    );
}

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_link_sets_a_password_once_and_ends_all_sessions
    a_code_sets_a_password_in_the_browser_that_asked
    the_answer_does_not_tell_whether_the_address_is_anybodys
    an_address_gets_three_mails_an_hour
    a_link_expires_and_is_kept_by_a_weak_password
    the_browser_goes_back_to_allowed_origins_only
    a_disabled_user_gets_no_mail
}

const NEW: &str = "another horse battery";

fn forgot(client: &Client, email: &str) -> Answer {
    let body = json!({ "email": email });
    client.post("/api/password/forgot").json(body).send()
}

fn set(client: &Client, body: Value) -> Answer {
    client.post("/api/password/set").json(body).send()
}

fn a_link_sets_a_password_once_and_ends_all_sessions(service: &Service) {
    let ann = service.signed_in("ann");
    assert_eq!(forgot(&service.client(), "ANN@example.org").status, 202);
    let mail = service.mail("reset_password", "ann@example.org");
    let link = json!({ "token": mail.token(), "new": NEW });
    let elsewhere = service.client();
    assert_eq!(
        set(&elsewhere, link.clone()).json(),
        json!({ "revoked": 1 })
    );
    assert_eq!(
        set(&elsewhere, link).problem(),
        (404, "link_invalid".into())
    );
    assert_eq!(ann.post("/api/refresh_all").send().status, 401);
    let credentials = json!({ "email": "ann@example.org", "password": NEW });
    let token = ann.post("/api/login").json(credentials).send().token();
    // Who read the mail has proven the address.
    let user = ann.get("/api/me").bearer(&token).send().json();
    assert_eq!(user["user"]["email_verified"], true);
    service.mail("password_changed", "ann@example.org");
}

fn a_code_sets_a_password_in_the_browser_that_asked(service: &Service) {
    service.register("ann");
    let asked = service.client();
    assert_eq!(forgot(&asked, "ann@example.org").status, 202);
    let code = service.mail("reset_password", "ann@example.org").code();
    let by_code = |email: &str| json!({ "email": email, "code": code, "new": NEW });
    let elsewhere = set(&service.client(), by_code("ann@example.org"));
    assert_eq!(elsewhere.invalid_fields(), ["code"]);
    assert_eq!(
        set(&asked, by_code("bob@example.org")).invalid_fields(),
        ["code"]
    );
    // Somebody else's browser that asked for the same address: its code is another one, and neither makes the
    // other useless.
    let other = service.client();
    assert_eq!(forgot(&other, "ann@example.org").status, 202);
    assert_eq!(
        set(&other, by_code("ann@example.org")).invalid_fields(),
        ["code"]
    );
    assert_eq!(set(&asked, by_code("ann@example.org")).status, 200);
}

fn the_answer_does_not_tell_whether_the_address_is_anybodys(service: &Service) {
    service.register("ann");
    let answers: Vec<_> = ["ann@example.org", "eve@example.org"]
        .into_iter()
        .map(|email| {
            let client = service.client();
            let answer = forgot(&client, email);
            let code = json!({ "email": email, "code": "1234 5678", "new": NEW });
            let wrong = set(&client, code);
            let shown = (answer.status, answer.header_names(), answer.json());
            (shown, wrong.status, wrong.header_names(), wrong.json())
        })
        .collect();
    assert_eq!(answers[0], answers[1]);
    // As many rows are written.
    assert_eq!(service.count("challenges"), 2);
    assert_eq!(service.count("outbox"), 2);
    assert_eq!(service.mails().len(), 1);
}

fn an_address_gets_three_mails_an_hour(service: &Service) {
    service.register("ann");
    for email in ["ann@example.org", "eve@example.org"] {
        for _ in 0..3 {
            assert_eq!(forgot(&service.client(), email).status, 202);
        }
        let refused = forgot(&service.client(), &email.to_uppercase());
        assert_eq!(refused.problem(), (429, "rate_limited".into()));
    }
    service.clock.advance(Duration::from_secs(1200));
    assert_eq!(forgot(&service.client(), "ann@example.org").status, 202);
    assert_eq!(service.mails().len(), 4);
}

fn a_link_expires_and_is_kept_by_a_weak_password(service: &Service) {
    service.register("ann");
    let client = service.client();
    assert_eq!(forgot(&client, "ann@example.org").status, 202);
    let token = service.mail("reset_password", "ann@example.org").token();
    let weak = set(&client, json!({ "token": token, "new": "password1" }));
    assert_eq!(weak.invalid_fields(), ["new"]);
    service.clock.advance(Duration::from_secs(3600));
    let late = set(&client, json!({ "token": token, "new": NEW }));
    assert_eq!(late.problem(), (404, "link_invalid".into()));
    let both = json!({ "token": token, "code": "1", "new": NEW });
    assert_eq!(set(&client, both).invalid_fields(), ["code"]);
    assert_eq!(
        set(&client, json!({ "new": NEW })).invalid_fields(),
        ["token"]
    );
}

fn the_browser_goes_back_to_allowed_origins_only(service: &Service) {
    let service = service.restart(&["--allowed-origins=https://app.example.org"]);
    service.register("ann");
    let forgot = |return_to: &str| {
        let body = json!({ "email": "ann@example.org", "return_to": return_to });
        service
            .client()
            .post("/api/password/forgot")
            .json(body)
            .send()
    };
    for evil in [
        "//evil.example",
        "https://app.example.org@evil.example",
        "javascript:alert(1)",
    ] {
        assert_eq!(forgot(evil).invalid_fields(), ["return_to"], "{evil}");
    }
    assert_eq!(forgot("https://app.example.org/a b?c=d&e").status, 202);
    let mail = service.mail("reset_password", "ann@example.org");
    let return_to = "&return_to=https%3A%2F%2Fapp.example.org%2Fa%2520b%3Fc%3Dd%26e\n";
    assert!(mail.text.contains(return_to), "{mail:?}");
    let link = json!({ "token": mail.token() });
    let seen = service.client().post("/api/link").json(link).send().json();
    assert_eq!(seen["return_to"], "https://app.example.org/a%20b?c=d&e");
}

fn a_disabled_user_gets_no_mail(service: &Service) {
    service.register("ann");
    service.execute("UPDATE users SET disabled_at = 1");
    assert_eq!(forgot(&service.client(), "ann@example.org").status, 202);
    assert_eq!(service.mails().len(), 0);
}

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::service::{PASSWORD, Place};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_link_proves_the_address_once_in_the_browser_that_registered
    a_code_proves_the_address_of_whoever_is_signed_in
    a_code_without_a_session_works_in_the_browser_that_registered
    five_wrong_codes_make_the_right_one_useless
    an_old_code_is_useless_and_the_link_still_works
    three_mails_are_sent_at_once_and_the_newest_code_counts
    nobody_has_a_session_before_if_it_is_required
    a_new_address_counts_when_it_is_proven_and_the_old_one_can_take_it_back
    whether_a_new_address_is_somebody_elses_is_told_to_them_alone
    a_mail_that_is_sent_twice_has_the_same_code
    a_stranger_who_got_a_mail_by_mistake_takes_no_account
    registering_again_uses_up_no_mails_of_the_owner
}

const OPTIONAL: &str = "--email-verification=optional";

/// A client that has registered and signed in.
fn registered(service: &Service, name: &str) -> Client {
    let client = service.client();
    let account = Service::registration(name);
    let answer = client.post("/api/register").json(account).send();
    assert_eq!(answer.status, 201, "{answer:?}");
    client
}

fn sign_in(client: &Client, name: &str) -> Answer {
    let credentials = Service::credentials(name);
    client.post("/api/login").json(credentials).send()
}

fn me(client: &Client, token: &str) -> Value {
    client.get("/api/me").bearer(token).send().json()["user"].clone()
}

fn verify(client: &Client, proof: Value) -> Answer {
    client.post("/api/email/verify").json(proof).send()
}

fn a_link_proves_the_address_once_in_the_browser_that_registered(service: &Service) {
    let service = service.restart(&[OPTIONAL]);
    let ann = registered(&service, "ann");
    let token = sign_in(&ann, "ann").token();
    assert_eq!(me(&ann, &token)["email_verified"], false);
    let mail = service.mail("verify_email", "ann@example.org");
    let link = json!({ "token": mail.token() });

    // Elsewhere, without a cookie, somebody may have got the mail who has not registered.
    let other = service.client();
    let seen = other.post("/api/link").json(link.clone()).send().json();
    assert_eq!(
        (&seen["kind"], &seen["email"], &seen["code"]),
        (
            &json!("verify_email"),
            &json!("ann@example.org"),
            &json!(mail.code())
        )
    );
    assert_eq!(
        verify(&other, link.clone()).problem(),
        (403, "other_browser".into())
    );
    assert_eq!(me(&ann, &token)["email_verified"], false);
    let seen = ann.post("/api/link").json(link.clone()).send().json();
    assert_eq!(seen["code"], Value::Null);
    let verified = verify(&ann, link.clone());
    assert_eq!(
        verified.json(),
        json!({ "email": "ann@example.org", "email_verified": true })
    );
    assert_eq!(
        verify(&ann, link.clone()).problem(),
        (404, "link_invalid".into())
    );
    let seen = other.post("/api/link").json(link).send();
    assert_eq!(seen.problem(), (404, "link_invalid".into()));

    // The old token does not say so, and is refused.
    let outdated = ann.get("/api/me").bearer(&token).send();
    assert_eq!(outdated.problem(), (401, "token_outdated".into()));
    let token = ann.post("/api/refresh_access").send().token();
    assert_eq!(me(&ann, &token)["email_verified"], true);
    let again = ann.post("/api/email/verify/send").bearer(&token).send();
    assert_eq!(again.problem(), (409, "email_already_verified".into()));
}

fn a_code_proves_the_address_of_whoever_is_signed_in(service: &Service) {
    let service = service.restart(&[OPTIONAL]);
    let (ann, bob) = (registered(&service, "ann"), registered(&service, "bob"));
    let code = service.mail("verify_email", "ann@example.org").code();
    let proof = json!({ "code": code });
    assert_eq!(
        verify(&ann, proof.clone()).problem(),
        (401, "token_missing".into())
    );
    let bobs = sign_in(&bob, "bob").token();
    let answer = bob
        .post("/api/email/verify")
        .bearer(&bobs)
        .json(proof.clone())
        .send();
    assert_eq!(answer.invalid_fields(), ["code"]);
    let token = sign_in(&ann, "ann").token();
    let answer = ann
        .post("/api/email/verify")
        .bearer(&token)
        .json(proof)
        .send();
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn a_code_without_a_session_works_in_the_browser_that_registered(service: &Service) {
    let service = service.restart(&[OPTIONAL]);
    let ann = registered(&service, "ann");
    let code = service.mail("verify_email", "ann@example.org").code();
    let proof = |email: &str| json!({ "email": email, "code": code });
    let elsewhere = verify(&service.client(), proof("ann@example.org"));
    assert_eq!(elsewhere.invalid_fields(), ["code"]);
    assert_eq!(
        verify(&ann, proof("bob@example.org")).invalid_fields(),
        ["code"]
    );
    assert_eq!(verify(&ann, proof("ANN@example.org")).status, 200);
}

fn five_wrong_codes_make_the_right_one_useless(service: &Service) {
    let service = service.restart(&[OPTIONAL]);
    let ann = registered(&service, "ann");
    let mail = service.mail("verify_email", "ann@example.org");
    let proof = |code: &str| json!({ "email": "ann@example.org", "code": code });
    for code in ["", "0000 0000", "1", "12345678901234567890", "a"] {
        assert_eq!(
            verify(&ann, proof(code)).invalid_fields(),
            ["code"],
            "{code}"
        );
    }
    assert_eq!(verify(&ann, proof(&mail.code())).invalid_fields(), ["code"]);
    // Nobody guesses the link.
    assert_eq!(verify(&ann, json!({ "token": mail.token() })).status, 200);
}

fn an_old_code_is_useless_and_the_link_still_works(service: &Service) {
    let service = service.restart(&[OPTIONAL]);
    let ann = registered(&service, "ann");
    let mail = service.mail("verify_email", "ann@example.org");
    service.clock.advance(Duration::from_secs(3600));
    let code = json!({ "email": "ann@example.org", "code": mail.code() });
    assert_eq!(verify(&ann, code).invalid_fields(), ["code"]);
    let link = json!({ "token": mail.token() });
    service.clock.advance(Duration::from_secs(23 * 3600 - 1));
    assert_eq!(verify(&ann, link).status, 200);
}

fn three_mails_are_sent_at_once_and_the_newest_code_counts(service: &Service) {
    let service = service.restart(&[OPTIONAL]);
    let ann = registered(&service, "ann");
    let first = service.mail("verify_email", "ann@example.org");
    let token = sign_in(&ann, "ann").token();
    let send = || ann.post("/api/email/verify/send").bearer(&token).send();
    assert_eq!((send().status, send().status), (202, 202));
    let link = json!({ "token": first.token() });
    assert_eq!(verify(&ann, link).problem(), (404, "link_invalid".into()));
    assert_eq!(send().problem(), (429, "rate_limited".into()));
    assert_eq!(service.mails().len(), 3);
    let newest = service.mail("verify_email", "ann@example.org");
    assert_eq!(verify(&ann, json!({ "token": newest.token() })).status, 200);
}

fn nobody_has_a_session_before_if_it_is_required(service: &Service) {
    let service = service.restart(&["--email-verification=required"]);
    let ann = registered(&service, "ann");
    let refused = sign_in(&ann, "ann");
    assert_eq!(refused.problem(), (403, "email_unverified".into()));
    assert_eq!((ann.cookie(), service.count("sessions")), (None, 0));
    // Who does not know the password learns nothing.
    let wrong = json!({ "email": "ann@example.org", "password": "not the password" });
    let wrong = service.client().post("/api/login").json(wrong).send();
    assert_eq!(wrong.problem(), (401, "invalid_credentials".into()));
    assert_eq!(service.mails().len(), 2);
    // The browser that tried to sign in may answer by code.
    let code = service.mail("verify_email", "ann@example.org").code();
    let proof = json!({ "email": "ann@example.org", "code": code });
    assert_eq!(verify(&ann, proof).status, 200);
    assert_eq!(sign_in(&ann, "ann").status, 200);
}

fn with_mail(service: &Service) -> Service {
    let directory = format!(
        "--mail-url=file:{}",
        service.directory().join("mails").display()
    );
    service.restart(&[&directory, "--mail-from=no-reply@example.org"])
}

fn a_new_address_counts_when_it_is_proven_and_the_old_one_can_take_it_back(service: &Service) {
    let service = with_mail(service);
    let ann = registered(&service, "ann");
    let link = service.mail("verify_email", "ann@example.org").token();
    assert_eq!(verify(&ann, json!({ "token": link })).status, 200);
    let token = sign_in(&ann, "ann").token();
    let change = |password| {
        let body = json!({ "email": "new@example.org", "password": password, "name": "Ann Lee" });
        ann.patch("/api/me").bearer(&token).json(body).send()
    };
    assert_eq!(change("not the password").invalid_fields(), ["password"]);
    let answer = change(PASSWORD);
    assert_eq!(answer.status, 202);
    let user = answer.json();
    assert_eq!(
        (&user["email"], &user["pending_email"]),
        (&json!("ann@example.org"), &json!("new@example.org"))
    );
    assert_eq!(user["name"], "Ann Lee");
    assert_eq!(me(&ann, &token)["pending_email"], "new@example.org");

    let mail = service.mail("change_email", "new@example.org");
    let link = json!({ "token": mail.token() });
    // Whoever reads the mail there may not know this user.
    assert_eq!(
        verify(&service.client(), link.clone()).problem(),
        (403, "other_browser".into())
    );
    assert_eq!(verify(&ann, link).json()["email"], "new@example.org");
    let token = ann.post("/api/refresh_access").send().token();
    let user = me(&ann, &token);
    assert_eq!(
        (&user["email"], &user["email_verified"]),
        (&json!("new@example.org"), &json!(true))
    );
    assert_eq!(user["pending_email"], Value::Null);

    // The owner of the old address takes it back, six days later.
    let notice = service.mail("email_changed", "ann@example.org");
    assert!(notice.text.contains("new@example.org"), "{notice:?}");
    service.clock.advance(Duration::from_secs(6 * 86_400));
    let undo = |token: String| {
        let body = json!({ "token": token });
        service
            .client()
            .post("/api/email/change/undo")
            .json(body)
            .send()
    };
    assert_eq!(undo(mail.token()).problem(), (404, "link_invalid".into()));
    assert_eq!(
        undo(notice.token()).json(),
        json!({ "email": "ann@example.org" })
    );
    assert_eq!(undo(notice.token()).problem(), (404, "link_invalid".into()));
    // Nobody is signed in, and the password is gone.
    assert_eq!(ann.post("/api/refresh_all").send().status, 401);
    assert_eq!(
        sign_in(&ann, "ann").problem(),
        (401, "invalid_credentials".into())
    );
    let reset = service.mail("reset_password", "ann@example.org");
    let set = json!({ "token": reset.token(), "new": PASSWORD });
    assert_eq!(ann.post("/api/password/set").json(set).send().status, 200);
    assert_eq!(sign_in(&ann, "ann").status, 200);
}

fn whether_a_new_address_is_somebody_elses_is_told_to_them_alone(service: &Service) {
    let service = with_mail(service);
    let ann = registered(&service, "ann");
    registered(&service, "bob");
    let token = sign_in(&ann, "ann").token();
    let change = |email: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        ann.patch("/api/me").bearer(&token).json(body).send()
    };
    let free = change("new@example.org");
    service.clock.advance(Duration::from_secs(1));
    let taken = change("bob@example.org");
    assert_eq!((free.status, taken.status), (202, 202));
    assert_eq!(free.header_names(), taken.header_names());
    service.mail("account_exists", "bob@example.org");
    assert_eq!(taken.json()["pending_email"], "bob@example.org");
    assert_eq!(me(&ann, &token)["pending_email"], "bob@example.org");
}

/// The address was written wrongly at the registration, and put right before it was proven.
fn a_stranger_who_got_a_mail_by_mistake_takes_no_account(service: &Service) {
    let service = with_mail(service);
    let ann = registered(&service, "ann");
    let token = sign_in(&ann, "ann").token();
    let body = json!({ "email": "right@example.org", "password": PASSWORD });
    assert_eq!(
        ann.patch("/api/me").bearer(&token).json(body).send().status,
        202
    );
    let link = service.mail("change_email", "right@example.org").token();
    assert_eq!(verify(&ann, json!({ "token": link })).status, 200);
    let kinds: Vec<_> = service.mails().into_iter().map(|mail| mail.kind).collect();
    assert!(!kinds.contains(&"email_changed"), "{kinds:?}");
}

fn registering_again_uses_up_no_mails_of_the_owner(service: &Service) {
    let service = service.restart(&["--email-verification=required"]);
    let ann = registered(&service, "ann");
    for _ in 0..5 {
        let again = service
            .client()
            .post("/api/register")
            .json(Service::registration("ann"));
        assert_eq!(again.send().problem(), (409, "email_taken".into()));
    }
    assert_eq!(
        sign_in(&ann, "ann").problem(),
        (403, "email_unverified".into())
    );
    assert_eq!(service.mails().len(), 2);
}

/// As after a crash between handing it over and noting that.
fn a_mail_that_is_sent_twice_has_the_same_code(service: &Service) {
    let out = service.directory().join("twice");
    let service = service.restart(&[
        &format!("--mail-url=file:{}", out.display()),
        "--mail-from=no-reply@example.org",
    ]);
    registered(&service, "ann");
    let next = || {
        let began = Instant::now();
        loop {
            let files = std::fs::read_dir(&out).into_iter().flatten().flatten();
            let mut files = files
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|end| end == "eml"));
            if let Some(file) = files.next() {
                let mail = std::fs::read_to_string(&file).unwrap();
                std::fs::remove_file(file).unwrap();
                return mail;
            }
            assert!(began.elapsed() < Duration::from_secs(30));
            sleep(Duration::from_millis(50));
        }
    };
    let first = next();
    let header = |mail: &str| {
        mail.lines()
            .find(|line| line.starts_with("Message-ID: "))
            .unwrap()
            .to_owned()
    };
    let code = |mail: &str| {
        let line = mail
            .lines()
            .find(|line| line.starts_with("Or enter this code: "));
        line.unwrap_or_else(|| panic!("{mail}")).to_owned()
    };
    while service.number("SELECT count(*) AS n FROM outbox WHERE done_at IS NULL") > 0 {
        sleep(Duration::from_millis(50));
    }
    service.execute("UPDATE outbox SET outcome = NULL, done_at = NULL");
    let second = next();
    assert_eq!(
        (header(&first), code(&first)),
        (header(&second), code(&second))
    );
}

#[test]
fn without_mail_a_new_address_counts_at_once() {
    let service = Service::start(&Place::sqlite(), &[]);
    let ann = registered(&service, "ann");
    let token = sign_in(&ann, "ann").token();
    let body = json!({ "email": "new@example.org", "password": PASSWORD });
    let answer = ann.patch("/api/me").bearer(&token).json(body).send();
    assert_eq!(
        (answer.status, &answer.json()["email"]),
        (200, &json!("new@example.org"))
    );
    assert_eq!(service.mails().len(), 0);
}

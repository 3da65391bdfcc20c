use serde_json::json;

use crate::support::service::{PASSWORD, Place};
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_user_is_registered_and_answered_without_their_password
    an_email_is_taken_once_and_a_name_is_not
    each_bad_value_is_named
    a_discreet_registration_answers_the_same_whatever_is_taken
}

fn a_user_is_registered_and_answered_without_their_password(service: &Service) {
    let user = service.register("ann");
    assert_eq!(user["name"], "ann");
    assert_eq!(user["email"], "ann@example.org");
    assert_eq!(user["id"].as_str().unwrap().len(), 36);
    assert_eq!(user["email_verified"], false);
    assert_eq!(user.as_object().unwrap().len(), 4);
}

fn an_email_is_taken_once_and_a_name_is_not(service: &Service) {
    service.register("ann");
    let send = |name: &str, email: &str| {
        let body = json!({ "name": name, "email": email, "password": PASSWORD });
        service.client().post("/api/register").json(body).send()
    };
    let register = |name: &str, email: &str| send(name, email).problem();
    assert_eq!(
        register("other", "ann@example.org"),
        (409, "email_taken".into())
    );
    assert_eq!(
        register("other", "ANN@Example.ORG"),
        (409, "email_taken".into())
    );
    // Two people are called Ann.
    assert_eq!(send("ann", "other@example.org").status, 201);
}

fn a_discreet_registration_answers_the_same_whatever_is_taken(service: &Service) {
    let discreet = service.restart(&["--registration=discreet"]);
    service.register("ann");
    service.register("bob");
    let register = |name: &str, email: &str| {
        let body = json!({ "name": name, "email": email, "password": PASSWORD });
        let answer = discreet.client().post("/api/register").json(body).send();
        let user = answer.json();
        assert_eq!(
            (&user["name"], &user["email"]),
            (&json!(name), &json!(email))
        );
        assert_eq!(user["id"].as_str().unwrap().len(), 36);
        let members: Vec<_> = user.as_object().unwrap().keys().cloned().collect();
        let headers: Vec<_> = answer.header_names();
        (answer.status, members, headers)
    };
    // An address that is taken, and one that is free, each with a name of the same length.
    let answers = [
        register("ann", "bob@example.org"),
        register("cyd", "BOB@example.org"),
        register("ann", "cyd@example.org"),
        register("eve", "eve@example.org"),
    ];
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    assert_eq!(answers[0].0, 201);
    assert_eq!(service.count("users"), 4);
}

fn each_bad_value_is_named(service: &Service) {
    let client = service.client();
    let fields = |body| {
        client
            .post("/api/register")
            .json(body)
            .send()
            .invalid_fields()
    };
    let long = "x".repeat(300);

    assert_eq!(
        fields(json!({ "name": "", "email": "ann", "password": "short" })),
        ["name", "email", "password"]
    );
    assert_eq!(
        fields(json!({ "name": long, "email": format!("{long}@example.org"), "password": long })),
        ["name", "email", "password"]
    );
    assert_eq!(
        fields(json!({ "name": "a\u{0}b", "email": "a\r\n@example.org", "password": PASSWORD })),
        ["name", "email"]
    );
    assert_eq!(
        fields(json!({ "name": "ann", "email": "ann@example.org" })),
        ["password"]
    );
    assert_eq!(fields(json!({})), ["email", "name", "password"]);
    assert_eq!(
        fields(json!({ "nam": "ann", "email": "e" })),
        ["name", "password", "nam"]
    );
    assert_eq!(
        fields(json!(["ann", "ann@example.org", PASSWORD])),
        ["body"]
    );
    assert_eq!(fields(json!(null)), ["body"]);
    assert_eq!(
        fields(json!({ "name": 5, "email": "e", "password": "p" })),
        ["name"]
    );
    let mut unknown = Service::registration("ann");
    unknown["is_admin"] = json!(true);
    assert_eq!(fields(unknown), ["is_admin"]);
}

#[test]
fn a_closed_registration_is_refused() {
    let service = Service::start(&Place::sqlite(), &["--registration=closed"]);
    let answer = service
        .client()
        .post("/api/register")
        .json(Service::registration("ann"));
    assert_eq!(answer.send().problem(), (403, "registration_closed".into()));
}

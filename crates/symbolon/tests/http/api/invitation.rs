use std::time::Duration;

use serde_json::json;
use store::service_keys::Scope;

use crate::support::service::PASSWORD;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    whoever_is_invited_sets_name_and_password_with_registration_closed
    an_invitation_is_refused_with_a_password_or_for_a_taken_address
}

fn whoever_is_invited_sets_name_and_password_with_registration_closed(service: &Service) {
    let service = service.restart(&["--registration=closed", "--email-verification=required"]);
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let client = service.client();
    let new = json!({ "name": "ann", "email": "ann@example.org", "invite": true, "locale": "ru" });
    let invite = client
        .post("/api/admin/users")
        .bearer(&key)
        .json(new)
        .send();
    assert_eq!(
        (invite.status, &invite.json()["has_password"]),
        (201, &json!(false))
    );
    let mail = service.mail("invitation", "ann@example.org");
    assert!(mail.subject.starts_with("Ваша учётная запись"), "{mail:?}");

    let accept = |name: &str, password: &str| {
        let body = json!({ "token": mail.token(), "name": name, "password": password });
        client.post("/api/invitation/accept").json(body).send()
    };
    assert_eq!(accept("", PASSWORD).invalid_fields(), ["name"]);
    assert_eq!(
        accept("Ann Lee", "ann lee and more").invalid_fields(),
        ["password"]
    );
    service.clock.advance(Duration::from_secs(6 * 86_400));
    let user = accept("Ann Lee", PASSWORD).json();
    assert_eq!(
        (&user["name"], &user["email_verified"]),
        (&json!("Ann Lee"), &json!(true))
    );
    assert_eq!(
        accept("Eve", PASSWORD).problem(),
        (404, "link_invalid".into())
    );
    let credentials = json!({ "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(
        client.post("/api/login").json(credentials).send().status,
        200
    );
}

fn an_invitation_is_refused_with_a_password_or_for_a_taken_address(service: &Service) {
    service.register("ann");
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let invite = |name: &str, password: Option<&str>| {
        let email = format!("{name}@example.org");
        let mut new = json!({ "name": name, "email": email, "invite": true });
        if let Some(password) = password {
            new["password"] = password.into();
        }
        service
            .client()
            .post("/api/admin/users")
            .bearer(&key)
            .json(new)
            .send()
    };
    assert_eq!(invite("ann", None).problem(), (409, "email_taken".into()));
    assert_eq!(invite("bob", Some(PASSWORD)).invalid_fields(), ["password"]);
    assert_eq!(service.mails().len(), 0);
}

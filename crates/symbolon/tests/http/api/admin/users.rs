use serde_json::{Value, json};
use store::service_keys::Scope;

use crate::support::forge;
use crate::support::service::PASSWORD;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_back_end_looks_after_users
    claims_are_in_access_tokens_from_the_next_renewal_on
    a_user_who_is_disabled_is_out_at_once
    a_change_is_made_as_a_whole_or_not_at_all
    a_link_sets_a_password_once
    users_are_listed_in_pages_and_searched
    without_the_scope_nothing_is_revealed
}

fn a_back_end_looks_after_users(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let client = service.client();
    let create = |body: Value| {
        client
            .post("/api/admin/users")
            .bearer(&key)
            .json(body)
            .send()
    };
    let body =
        json!({ "id": 9, "name": "Cy", "email": "cy@example.org", "claims": { "role": "editor" } });
    let created = create(body);
    assert_eq!(created.status, 201);
    let user = created.json();
    assert_eq!(
        (&user["id"], &user["has_password"], &user["disabled"]),
        (&json!("9"), &json!(false), &json!(false))
    );
    assert_eq!(user["claims"], json!({ "role": "editor" }));
    let same_id = json!({ "id": "9", "name": "Di", "email": "di@example.org" });
    assert_eq!(create(same_id).problem(), (409, "id_taken".into()));
    let other = json!({ "name": "Cy", "email": "CY@example.org" });
    assert_eq!(create(other).problem(), (409, "email_taken".into()));
    let same_name = json!({ "id": 10, "name": "Cy", "email": "other.cy@example.org" });
    assert_eq!(create(same_name).status, 201);
    let bad =
        json!({ "name": "", "email": "x", "password": "password1", "claims": { "sub": "1" } });
    assert_eq!(
        create(bad).invalid_fields(),
        ["name", "email", "password", "claims"]
    );

    let path = "/api/admin/users/9";
    assert_eq!(client.get(path).bearer(&key).send().json(), user);
    let change = json!({ "name": "Cyrus", "email": "cyrus@example.org" });
    let changed = client.patch(path).bearer(&key).json(change).send().json();
    assert_eq!(
        (&changed["name"], &changed["claims"]),
        (&json!("Cyrus"), &json!({ "role": "editor" }))
    );
    assert_eq!(client.delete(path).bearer(&key).send().status, 200);
    for call in [
        client.get(path),
        client.delete(path),
        client.delete("/api/admin/users/9/sessions"),
        client.post("/api/admin/users/9/password_link"),
    ] {
        assert_eq!(
            call.bearer(&key).send().problem(),
            (404, "user_unknown".into())
        );
    }
    let change = client.patch(path).bearer(&key).json(json!({}));
    assert_eq!(change.send().problem(), (404, "user_unknown".into()));
}

fn claims_are_in_access_tokens_from_the_next_renewal_on(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let client = service.signed_in("ann");
    let claims = || forge::claims(&client.post("/api/refresh_access").send().token());
    let before = claims();
    assert_eq!(before["role"], Value::Null);
    let path = format!("/api/admin/users/{}", before["sub"].as_str().unwrap());
    let change = json!({ "claims": { "role": "admin" } });
    assert_eq!(
        service
            .client()
            .patch(&path)
            .bearer(&key)
            .json(change)
            .send()
            .status,
        200
    );
    assert_eq!(claims()["role"], "admin");
}

fn a_user_who_is_disabled_is_out_at_once(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let path = format!(
        "/api/admin/users/{}",
        forge::claims(&token)["sub"].as_str().unwrap()
    );
    let set = |disabled: bool| {
        let change = json!({ "disabled": disabled });
        service
            .client()
            .patch(&path)
            .bearer(&key)
            .json(change)
            .send()
            .json()
    };
    let sign_in = || {
        service
            .client()
            .post("/api/login")
            .json(Service::credentials("ann"))
            .send()
            .status
    };
    assert_eq!(set(true)["disabled"], true);
    assert_eq!(set(true)["disabled"], true);
    assert_eq!(
        service
            .client()
            .get("/api/verify")
            .bearer(&token)
            .send()
            .status,
        401
    );
    assert_eq!(sign_in(), 401);
    assert_eq!(set(false)["disabled"], false);
    assert_eq!(sign_in(), 200);
    let revoked = service.client().delete(&format!("{path}/sessions"));
    assert_eq!(revoked.bearer(&key).send().json(), json!({ "revoked": 1 }));
}

fn a_change_is_made_as_a_whole_or_not_at_all(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let client = service.signed_in("ann");
    service.register("bob");
    let me = client.post("/api/refresh_access").send().token();
    let id = forge::claims(&me)["sub"].as_str().unwrap().to_owned();
    let path = format!("/api/admin/users/{id}");
    let read = || service.client().get(&path).bearer(&key).send().json();
    let before = read();
    let change = json!({ "name": "Ann Lee", "email": "bob@example.org", "disabled": true });
    let refused = service.client().patch(&path).bearer(&key).json(change);
    assert_eq!(refused.send().problem(), (409, "email_taken".into()));
    assert_eq!(read(), before);
    assert_eq!(client.post("/api/refresh_access").send().status, 200);
    let invalid = json!({ "name": "", "email": "x", "claims": { "sub": "1" } });
    let invalid = service
        .client()
        .patch(&path)
        .bearer(&key)
        .json(invalid)
        .send();
    assert_eq!(invalid.invalid_fields(), ["name", "email", "claims"]);
}

fn a_link_sets_a_password_once(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersWrite]);
    let client = service.signed_in("ann");
    let id = forge::claims(&client.post("/api/refresh_access").send().token())["sub"].clone();
    let path = format!("/api/admin/users/{}/password_link", id.as_str().unwrap());
    let make = || service.client().post(&path).bearer(&key).send().json()["token"].clone();
    let set = |token: &Value, new: &str| {
        let body = json!({ "token": token, "new": new });
        service.client().post("/api/password/set").json(body).send()
    };
    let first = make();
    let token = make();
    assert_ne!(first, token);
    assert_eq!(
        set(&first, "another good sentence").problem(),
        (404, "link_invalid".into())
    );
    // One that will not do leaves the link as it is.
    assert_eq!(set(&token, "password1").invalid_fields(), ["new"]);
    assert_eq!(
        set(&token, "another good sentence").json(),
        json!({ "revoked": 1 })
    );
    assert_eq!(
        set(&token, "another good sentence").problem(),
        (404, "link_invalid".into())
    );
    assert_eq!(client.post("/api/refresh_access").send().status, 401);
    let sign_in = |password: &str| {
        let body = json!({ "email": "ann@example.org", "password": password });
        service.client().post("/api/login").json(body).send().status
    };
    assert_eq!(
        (sign_in(PASSWORD), sign_in("another good sentence")),
        (401, 200)
    );
    let voided = make();
    let client = service.client();
    let body = json!({ "email": "ann@example.org", "password": "another good sentence" });
    let signed_in = client.post("/api/login").json(body).send().token();
    let body = json!({ "current": "another good sentence", "new": "a third good sentence" });
    let change = client.post("/api/password").bearer(&signed_in).json(body);
    assert_eq!(change.send().status, 200);
    assert_eq!(
        set(&voided, "a fourth good sentence").problem(),
        (404, "link_invalid".into())
    );
    let expired = make();
    service.advance(std::time::Duration::from_secs(24 * 3600));
    assert_eq!(
        set(&expired, "a third good sentence").problem(),
        (404, "link_invalid".into())
    );
    assert!(service.tables().len() >= 8, "{:?}", service.tables());
    let dump = service.dump();
    assert!(dump.contains("ann@example.org") && !dump.contains(token.as_str().unwrap()));
}

fn users_are_listed_in_pages_and_searched(service: &Service) {
    let key = service.service_key("hr", &[Scope::UsersRead]);
    for n in 100..=201 {
        service.import(&n.to_string(), &format!("user{n}"));
    }
    let list = |query: &str| {
        let path = format!("/api/admin/users{query}");
        service.client().get(&path).bearer(&key).send()
    };
    let first = list("").json();
    assert_eq!(first["users"].as_array().unwrap().len(), 100);
    let second = list(&format!("?after={}", first["next"].as_str().unwrap())).json();
    assert_eq!(second["users"].as_array().unwrap().len(), 2);
    assert_eq!(second["next"], Value::Null);
    let found = list("?search=USER15").json();
    assert_eq!(found["users"].as_array().unwrap().len(), 10);
    assert_eq!(list("?search=%00").json()["users"], json!([]));
    assert_eq!(
        list("?after=%20").problem(),
        (422, "validation_failed".into())
    );
}

fn without_the_scope_nothing_is_revealed(service: &Service) {
    let reader = service.service_key("reader", &[Scope::UsersRead]);
    let other = service.service_key("other", &[Scope::TokensIssue]);
    let client = service.client();
    let create = || {
        client
            .post("/api/admin/users")
            .json(json!({ "name": "Cy", "email": "cy@example.org" }))
    };
    assert_eq!(
        create().bearer(&reader).send().problem(),
        (403, "insufficient_scope".into())
    );
    assert_eq!(
        create().send().problem(),
        (401, "service_key_missing".into())
    );
    for call in [
        client.get("/api/admin/users"),
        client.get("/api/admin/users/1"),
    ] {
        assert_eq!(
            call.bearer(&other).send().problem(),
            (403, "insufficient_scope".into())
        );
    }
    let ann = service
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    assert_eq!(
        client.get("/api/admin/users").bearer(&ann).send().problem(),
        (401, "service_key_invalid".into())
    );
}

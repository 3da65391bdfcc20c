use serde_json::json;

use crate::support::service::PASSWORD;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    a_user_changes_name_and_with_the_password_the_address
    a_user_deletes_the_account_with_the_password
}

fn a_user_changes_name_and_with_the_password_the_address(service: &Service) {
    let client = service.signed_in("ann");
    service.register("bob");
    let token = client.post("/api/refresh_access").send().token();
    let change = |body| client.patch("/api/me").bearer(&token).json(body).send();
    assert_eq!(
        change(json!({ "name": "Ann Lee" })).json()["name"],
        "Ann Lee"
    );
    // Names are not unique.
    assert_eq!(change(json!({ "name": "bob" })).json()["name"], "bob");
    assert_eq!(change(json!({ "name": "" })).invalid_fields(), ["name"]);
    let email = "ann.lee@example.org";
    assert_eq!(
        change(json!({ "email": email })).invalid_fields(),
        ["password"]
    );
    let wrong = json!({ "email": email, "password": "a guess" });
    assert_eq!(change(wrong).invalid_fields(), ["password"]);
    let taken = json!({ "email": "BOB@example.org", "password": PASSWORD });
    assert_eq!(change(taken).problem(), (409, "email_taken".into()));
    let right = json!({ "email": email, "password": PASSWORD });
    assert_eq!(change(right).json()["email"], email);
    let sign_in = |email: &str| {
        let body = json!({ "email": email, "password": PASSWORD });
        service.client().post("/api/login").json(body).send().status
    };
    assert_eq!((sign_in("ann@example.org"), sign_in(email)), (401, 200));
    assert_eq!(client.post("/api/refresh_access").send().status, 200);
    // Claims are the operator's.
    let claims = change(json!({ "claims": { "role": "admin" } }));
    assert_eq!(claims.problem().0, 422);
}

fn a_user_deletes_the_account_with_the_password(service: &Service) {
    deletes(service, "ann", ("DELETE", "/api/me"));
    deletes(service, "bob", ("POST", "/api/me/delete"));
}

fn deletes(service: &Service, name: &str, (method, path): (&str, &str)) {
    let client = service.signed_in(name);
    let elsewhere = service.signed_in_again(name);
    let token = client.post("/api/refresh_access").send().token();
    let delete = |password: &str| {
        let body = json!({ "password": password });
        client.call(method, path).bearer(&token).json(body).send()
    };
    assert_eq!(delete("a guess").invalid_fields(), ["password"]);
    assert_eq!(elsewhere.post("/api/refresh_access").send().status, 200);
    let deleted = delete(PASSWORD);
    assert_eq!(deleted.status, 200);
    assert!(deleted.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(elsewhere.post("/api/refresh_access").send().status, 401);
    assert_eq!(
        service
            .client()
            .get("/api/verify")
            .bearer(&token)
            .send()
            .status,
        401
    );
    let body = Service::credentials(name);
    assert_eq!(
        service.client().post("/api/login").json(body).send().status,
        401
    );
}

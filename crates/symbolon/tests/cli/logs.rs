use std::fs;

use serde_json::json;

use crate::Program;

#[test]
fn however_much_is_logged_no_token_password_or_key_is() {
    let program = Program::new();
    fs::write(program.directory().join(".env"), "RUST_LOG=trace\n").unwrap();
    let key = program.service_key_for_ann();
    let service = program.start(&["--signing-alg=EdDSA"]);
    let (access, refresh) = service.tokens(&key, &json!({ "id": 7 }));
    let password = "correct horse battery staple";
    let bob = json!({ "name": "Bob", "email": "bob@example.org", "password": password });
    service.post("/api/register", &bob);
    service.post(
        "/api/login",
        &json!({ "email": "bob@example.org", "password": password }),
    );
    service.post(
        "/api/login",
        &json!({ "email": "bob@example.org", "password": "hunter2 hunter2" }),
    );
    assert_eq!(service.renew(&refresh), 200);
    assert_eq!(service.get_with_token("/api/me", &access), 200);
    assert_eq!(service.get(&format!("/api/verify?token={access}")), 401);
    assert_eq!(program.run(&["keys", "rotate"]).code, 0);
    let master_key = fs::read_to_string(program.directory().join("data/master.key")).unwrap();

    let log = service.log();

    assert!(log.contains("/api/login"), "it is a full log: {log}");
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    for secret in [
        signature(&access),
        signature(&refresh),
        key,
        master_key.trim().to_owned(),
        password.to_owned(),
        "hunter2".to_owned(),
        "$argon2".to_owned(),
    ] {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
}

use std::fs;

use identity::clock::{Clock, SystemClock};
use jwt_core::{HmacAlgorithm, SigningKey, TokenType};
use serde_json::json;

use crate::keys::started;

/// A token as SimpleJWT makes it.
fn simple_jwt(key: &SigningKey, kind: &str, expires_in: i64) -> String {
    let exp = SystemClock.now().as_millis() / 1000 + expires_in;
    let claims =
        json!({ "token_type": kind, "exp": exp, "jti": "5c", "user_id": 7, "role": "editor" });
    let payload = claims.to_string();
    key.sign_bytes(Some(&TokenType::new("JWT")), payload.as_bytes())
        .unwrap()
}

#[test]
fn legacy_tokens_are_verified_until_they_expire() {
    let program = started();
    let secret = "django-insecure-0123456789abcdefghijklmnopqrstuv";
    fs::write(program.directory().join("secret"), secret).unwrap();
    let import = [
        "keys",
        "import",
        "secret",
        "--form=secret",
        "--alg=HS256",
        "--id=django",
    ];
    let legacy = ["--legacy", "--require=token_type=access", "--verify-for=1h"];
    let imported = program.run(&[&import[..], &legacy].concat());
    assert_eq!(imported.code, 0, "{}", imported.err);
    assert!(
        imported.out.contains("verifies legacy tokens until"),
        "{}",
        imported.out
    );

    let key = SigningKey::from_secret(HmacAlgorithm::HS256, secret.as_bytes(), None).unwrap();
    let good = simple_jwt(&key, "access", 300);
    let service = program.start(&["--forwarded-token-ttl=30s"]);
    let verify = |token: &str| service.get_with_token("/api/verify?require=role:editor", token);
    assert_eq!(verify(&good), 200);
    assert_eq!(verify(&simple_jwt(&key, "access", -1)), 401);
    assert_eq!(verify(&simple_jwt(&key, "refresh", 300)), 401);
    // There is no session, and so no account to look into.
    assert_eq!(service.get_with_token("/api/me", &good), 401);

    let told = program.run(&["token", "verify", &good]);
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    assert!(told.out.contains("valid legacy token"), "{}", told.out);

    let emergency = program.run(&["keys", "rotate", "--emergency"]);
    assert_eq!(emergency.code, 0, "{}", emergency.err);
    let told = program.run(&["token", "verify", &good]);
    assert_eq!(told.code, 1, "{}", told.out);
}

#[test]
fn legacy_tokens_of_users_who_were_disabled_or_deleted_are_refused() {
    let program = started();
    let secret = "django-insecure-0123456789abcdefghijklmnopqrstuv";
    fs::write(program.directory().join("secret"), secret).unwrap();
    let import = [
        "keys",
        "import",
        "secret",
        "--form=secret",
        "--alg=HS256",
        "--id=django",
    ];
    let legacy = ["--legacy", "--require=token_type=access", "--verify-for=1h"];
    assert_eq!(program.run(&[&import[..], &legacy].concat()).code, 0);
    program.service_key_for_ann();
    let key = SigningKey::from_secret(HmacAlgorithm::HS256, secret.as_bytes(), None).unwrap();
    let token = simple_jwt(&key, "access", 300);
    let service = program.start(&[]);
    // Within two seconds; a busy machine may take longer.
    let becomes = |status: u16| {
        let statuses = (0..100).map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            service.get_with_token("/api/verify", &token)
        });
        assert!(
            statuses.into_iter().any(|now| now == status),
            "never {status}"
        );
    };
    becomes(200);
    for (command, status) in [("disable", 401), ("enable", 200), ("delete", 401)] {
        let changed = program.run(&["user", command, "7"]);
        assert_eq!(changed.code, 0, "{}", changed.err);
        becomes(status);
    }
    let told = program.run(&["token", "verify", &token]);
    assert_eq!(told.code, 1, "{}", told.out);
    drop(service);
    let restarted = program.start(&[]);
    assert_eq!(restarted.get_with_token("/api/verify", &token), 401);
}

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::Program;
use crate::program::Running;

/// A service, and an access token and a refresh token of it.
fn with_tokens(program: &Program, arguments: &[&str]) -> (Running, String, String) {
    let key = program.service_key_for_ann();
    let service = program.start(arguments);
    let (token, cookie) = service.tokens(&key, &json!({ "id": 7 }));
    (service, token, cookie)
}

#[test]
fn a_token_is_taken_apart_without_asking_anybody() {
    let program = Program::new();
    let (_service, token, _) = with_tokens(&program, &[]);
    let elsewhere = Program::new();
    let shown = elsewhere.run(&["token", "inspect", &token]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    for told in ["ES256", "at+jwt", r#""7""#, "sid", "exp", "(in "] {
        assert!(shown.out.contains(told), "{told}: {}", shown.out);
    }
    let signature = token.rsplit('.').next().unwrap();
    assert!(!shown.out.contains(signature));
    let piped = elsewhere.run_with_input(&["token", "inspect", "-"], &format!("Bearer {token}\n"));
    assert_eq!(piped.out, shown.out);
    for broken in ["", "a.b", "a.b.c", "....", "\u{1b}[2J.b.c"] {
        let refused = elsewhere.run(&["token", "inspect", broken]);
        assert_eq!(refused.code, 1, "{broken}");
        assert!(!refused.err.contains('\u{1b}'));
    }
    assert!(!elsewhere.directory().join("data").exists());
}

#[test]
fn names_in_a_token_do_not_move_the_cursor() {
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = encode(r#"{"alg":"ES256","\u001b[2J\u202e":"\u001b]0;x\u0007"}"#);
    let claims = encode(r#"{"\u009b2J\r\n":{"\u001b[1m":1}}"#);
    let token = format!("{header}.{claims}.x");
    for command in ["inspect", "verify"] {
        let shown = Program::new().run(&["token", command, &token]);
        let said = [shown.out, shown.err].concat();
        assert!(
            !said.contains(|c: char| c.is_control() && c != '\n'),
            "{said:?}"
        );
        assert!(!said.contains('\u{202e}'), "{said:?}");
    }
}

#[test]
fn a_valid_token_is_valid_and_each_failed_check_is_named() {
    let program = Program::new();
    let (_service, access, refresh) = with_tokens(&program, &[]);
    for token in [&access, &refresh] {
        let verified = program.run(&["token", "verify", token]);
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
        assert!(
            verified.out.ends_with("The token is valid.\n"),
            "{}",
            verified.out
        );
        assert!(verified.out.contains("ok    signature") && verified.out.contains("ok    session"));
        assert!(!verified.out.contains("FAIL"));
    }
}

#[test]
fn what_is_wrong_is_named() {
    let program = Program::new();
    let (service, token, cookie) = with_tokens(&program, &[]);
    let fails = |arguments: &[&str], token: &str| {
        let verified = program.run(&[&["token", "verify", token], arguments].concat());
        assert_eq!(verified.code, 1, "{}", verified.out);
        let lines = verified.out.lines().filter(|line| line.contains("FAIL"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    let found = fails(&[], &forged);
    assert!(
        found.len() == 1 && found[0].contains("signature"),
        "{found:?}"
    );
    let found = fails(&["--public-url=https://id.example.org"], &token);
    assert!(
        found.len() == 2 && found[0].contains("iss") && found[1].contains("aud"),
        "{found:?}"
    );
    assert_eq!(service.renew(&cookie), 200);
    let found = fails(&[], &cookie);
    assert!(
        found.len() == 1 && found[0].contains("generation"),
        "{found:?}"
    );
    assert_eq!(program.run(&["session", "revoke", "--user=7"]).code, 0);
    let found = fails(&[], &token);
    assert!(
        found.len() == 1 && found[0].contains("revoked_by_operator"),
        "{found:?}"
    );
}

#[test]
fn a_jwk_set_at_a_url_is_accepted() {
    let program = Program::new();
    let (service, token, _) = with_tokens(&program, &["--signing-alg=EdDSA"]);
    let elsewhere = Program::new();
    let verify = |path: &str| {
        let jwks = format!("--jwks=http://{}{path}", service.address);
        elsewhere.run(&["token", "verify", &jwks, &token])
    };
    let verified = verify("/.well-known/jwks.json");
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    let missing = verify("/nothing");
    assert_eq!(missing.code, 1);
    assert!(
        missing.err.contains("/nothing: ") && missing.err.contains("404"),
        "{}",
        missing.err
    );
    let not_a_set = verify("/docs/");
    assert_eq!(not_a_set.code, 1, "{}", not_a_set.out);
    assert!(!elsewhere.directory().join("data").exists());
}

#[test]
fn a_jwk_set_in_a_file_is_accepted() {
    let program = Program::new();
    let (service, token, _) = with_tokens(&program, &["--signing-alg=EdDSA"]);
    let jwks = service.json("/.well-known/jwks.json").to_string();
    let elsewhere = Program::new();
    fs::write(elsewhere.directory().join("jwks.json"), jwks).unwrap();
    let verify = ["token", "verify", "--jwks=jwks.json"];
    let verified = elsewhere.run(&[&verify[..], &[&token]].concat());
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    assert!(!elsewhere.directory().join("data").exists());
    fs::write(elsewhere.directory().join("jwks.json"), r#"{"keys":[]}"#).unwrap();
    let unknown = elsewhere.run(&[&verify[..], &[&token]].concat());
    assert_eq!(unknown.code, 1);
    assert!(unknown.out.contains("FAIL  signature"), "{}", unknown.out);
}

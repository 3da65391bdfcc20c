use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::Program;

fn listed(program: &Program) -> Vec<(String, String, String)> {
    let ended = program.run(&["keys", "list", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let keys: Vec<Value> = serde_json::from_str(&ended.out).unwrap();
    let text = |key: &Value, member: &str| key[member].as_str().unwrap().to_owned();
    let keys = keys.iter();
    keys.map(|key| (text(key, "use"), text(key, "algorithm"), text(key, "state")))
        .collect()
}

/// A program whose database has its first keys.
pub(crate) fn started() -> Program {
    let program = Program::new();
    let service = program.start(&[]);
    service.terminate();
    service.wait();
    program
}

fn are(keys: &[(String, String, String)], expected: &[(&str, &str, &str)]) {
    let mut keys: Vec<_> = keys
        .iter()
        .map(|(of, algorithm, state)| (of.as_str(), algorithm.as_str(), state.as_str()))
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
}

#[test]
fn a_rotation_is_announced_and_comes_once() {
    let program = started();
    are(
        &listed(&program),
        &[
            ("access", "ES256", "active"),
            ("refresh", "HS256", "active"),
        ],
    );

    let rotated = program.run(&["keys", "rotate", "--signing-alg=EdDSA"]);
    assert_eq!(rotated.code, 0, "{}", rotated.err);
    assert!(
        rotated.out.contains("is published, and signs from"),
        "{}",
        rotated.out
    );
    let again = program.run(&["keys", "rotate"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("in progress"), "{}", again.err);
    are(
        &listed(&program),
        &[
            ("access", "ES256", "active"),
            ("access", "EdDSA", "next"),
            ("refresh", "HS256", "active"),
        ],
    );

    let emergency = program.run(&["keys", "rotate", "--emergency", "--signing-alg=ES384"]);
    assert_eq!(emergency.code, 0, "{}", emergency.err);
    are(
        &listed(&program),
        &[
            ("access", "ES256", "gone"),
            ("access", "ES384", "active"),
            ("access", "EdDSA", "gone"),
            ("refresh", "HS256", "active"),
        ],
    );
    let refresh = program.run(&["keys", "rotate", "--use=refresh", "--key-publish-ahead=0s"]);
    assert_eq!(refresh.code, 0, "{}", refresh.err);
    let of_refresh: Vec<_> = listed(&program)
        .into_iter()
        .filter(|(of, ..)| of == "refresh")
        .collect();
    are(
        &of_refresh,
        &[
            ("refresh", "HS256", "active"),
            ("refresh", "HS256", "retiring"),
        ],
    );
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    let program = started();
    let import = ["keys", "import", "secret", "--form=secret"];
    for wrong in [
        &["--legacy", "--active"][..],
        &["--require=token_type=access"],
        &["--legacy", "--require=token_type"],
    ] {
        let refused = program.run(&[&import[..], wrong].concat());
        assert_eq!(refused.code, 2, "{wrong:?}: {}", refused.err);
    }
}

#[test]
fn before_the_first_start_there_is_nothing_to_rotate() {
    let ended = Program::migrated().run(&["keys", "rotate"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.err.contains("the first start of the service"),
        "{}",
        ended.err
    );
}

#[test]
fn keys_made_elsewhere_are_imported() {
    let program = started();
    let openssl = |arguments: &str| {
        let command = format!("openssl {arguments}");
        let done = std::process::Command::new("sh")
            .args(["-c", &command])
            .current_dir(program.directory())
            .stderr(std::process::Stdio::null())
            .status();
        assert!(done.unwrap().success(), "{command}");
    };
    openssl("genpkey -algorithm ed25519 -out ed.pem");
    openssl("pkey -in ed.pem -pubout -out ed.pub.pem");
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa.pem");
    openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out short.pem");
    fs::write(
        program.directory().join("django"),
        "an old secret of more than sixty-four characters, as Django makes them\n",
    )
    .unwrap();

    let import = |arguments: &[&str]| program.run(&[&["keys", "import"], arguments].concat());
    let public = import(&["ed.pub.pem", "--form=pem", "--alg=EdDSA"]);
    assert_eq!(public.code, 0, "{}", public.err);
    assert!(
        public.out.contains("verifies access tokens until"),
        "{}",
        public.out
    );
    let twice = import(&["ed.pub.pem", "--form=pem", "--alg=EdDSA"]);
    assert_eq!(twice.code, 1);
    let secret = import(&["django", "--form=secret", "--alg=HS512", "--id=django"]);
    assert_eq!(secret.code, 0, "{}", secret.err);
    let short = ["short.pem", "--form=pem", "--alg=RS256", "--active"];
    let short = import(&short);
    assert_eq!(short.code, 2);
    assert!(
        short.err.contains("at least 3072 bits; this one has 2048"),
        "{}",
        short.err
    );
    let rsa = import(&[
        "rsa.pem",
        "--form=pem",
        "--alg=RS256",
        "--active",
        "--key-publish-ahead=0s",
    ]);
    assert_eq!(rsa.code, 0, "{}", rsa.err);
    are(
        &listed(&program),
        &[
            ("access", "ES256", "retiring"),
            ("access", "EdDSA", "verifying"),
            ("access", "HS512", "verifying"),
            ("access", "RS256", "active"),
            ("refresh", "HS256", "active"),
        ],
    );

    // The service signs with it, and publishes it and no secret.
    let service = program.start(&[]);
    let jwks: Value = service.json("/.well-known/jwks.json");
    let mut published: Vec<_> = jwks["keys"].as_array().unwrap().iter().collect();
    published.sort_by_key(|key| key["kty"].as_str());
    let kinds: Vec<_> = published
        .iter()
        .map(|key| key["kty"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["EC", "OKP", "RSA"]);
    for key in published {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key[private].is_null(), "{key}");
        }
    }
}

#[test]
fn a_key_that_was_withdrawn_before_it_signed_stops_no_rotation() {
    let program = started();
    let rotate = |arguments: &[&str]| {
        let rotated = program.run(&[&["keys", "rotate"], arguments].concat());
        assert_eq!(rotated.code, 0, "{}", rotated.err);
    };
    let state = || {
        let keys = listed(&program)
            .into_iter()
            .filter(|(of, ..)| of == "access");
        keys.map(|(_, algorithm, state)| format!("{algorithm} {state}"))
            .collect::<Vec<_>>()
    };
    rotate(&["--signing-alg=EdDSA", "--key-publish-ahead=2s"]);
    rotate(&["--emergency", "--signing-alg=ES384"]);
    assert!(state().contains(&"EdDSA gone".to_owned()));
    assert!(state().contains(&"ES384 active".to_owned()));
    // The withdrawn key would sign by now.
    std::thread::sleep(Duration::from_secs(3));
    assert!(
        state().contains(&"ES384 active".to_owned()),
        "{:?}",
        state()
    );
    rotate(&["--emergency", "--signing-alg=RS256"]);
    rotate(&["--signing-alg=HS256"]);
    let mut now = state();
    now.sort_unstable();
    assert_eq!(
        now,
        [
            "ES256 gone",
            "ES384 gone",
            "EdDSA gone",
            "HS256 next",
            "RS256 active"
        ]
    );
}

#[test]
fn no_rotation_changes_the_algorithm_unless_somebody_asks_for_it() {
    let program = started();
    for arguments in [&["--signing-alg=RS256"][..], &[]] {
        let rotate = [&["keys", "rotate", "--emergency"], arguments].concat();
        let rotated = program.run(&rotate);
        assert_eq!(rotated.code, 0, "{}", rotated.err);
        let keys = listed(&program);
        let mut active = keys.iter().filter(|(_, _, state)| state == "active");
        assert!(active.any(|(of, algorithm, _)| of == "access" && algorithm == "RS256"));
    }
    let service = program.start(&[]);
    let jwks: Value = service.json("/.well-known/jwks.json");
    assert_eq!(jwks["keys"][0]["kty"], "RSA");
}

#[test]
fn what_is_no_key_is_refused_and_not_quoted() {
    let program = started();
    let file = program.directory().join("key");
    for (text, arguments, why) in [
        (
            "hunter2",
            &["--form=secret", "--alg=HS256", "--id=k"][..],
            "key: ",
        ),
        (
            "hunter2",
            &["--form=secret", "--alg=EdDSA", "--id=k"],
            "a secret requires",
        ),
        ("hunter2", &["--form=secret"], "--alg"),
        ("hunter2", &["--form=pem"], "--alg"),
        ("hunter2", &["--form=pem", "--alg=EdDSA"], "key: "),
        ("hunter2", &[], "key: "),
        (
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            &[],
            "--id",
        ),
        (
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            &["--active"],
            "cannot sign",
        ),
        (
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            &["--alg=ES256"],
            "EdDSA",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let refused = program.run(&[&["keys", "import", "key"], arguments].concat());
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.err);
        assert!(refused.err.contains(why), "{arguments:?}: {}", refused.err);
        assert!(!refused.err.contains("hunter2"), "{}", refused.err);
    }
    let missing = program.run(&["keys", "import", "nowhere"]);
    assert_eq!(missing.code, 1);
    assert_eq!(listed(&program).len(), 2);
}

#[test]
fn a_new_master_key_takes_over_and_the_old_one_opens_nothing() {
    let program = started();
    let new = "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldyE";
    fs::write(program.directory().join("new.key"), new).unwrap();
    let rewrap = ["keys", "rewrap", "--new-master-key-file=new.key"];

    let done = program.run(&rewrap);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(
        done.out
            .starts_with("Wrapped 2 keys under the new master key."),
        "{}",
        done.out
    );
    let again = program.run(&rewrap);
    assert_eq!(
        (again.code, again.out.contains("already")),
        (0, true),
        "{}",
        again.err
    );
    assert!(!format!("{done:?}{again:?}").contains(new));

    let old = program.run(&["serve", "--listen=127.0.0.1:0"]);
    assert_eq!(old.code, 1);
    assert!(old.err.contains("SYMBOLON_MASTER_KEY_FILE"), "{}", old.err);
    let service = program.start(&["--master-key-file=new.key"]);
    assert_eq!(service.get("/health/ready"), 200);
    // From neither one nor the other.
    fs::write(
        program.directory().join("other.key"),
        "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItISE",
    )
    .unwrap();
    let wrong = program.run(&["keys", "rewrap", "--new-master-key-file=other.key"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.err.contains("does not unwrap"), "{}", wrong.err);
}

#[test]
fn keys_rotate_by_age() {
    let program = started();
    let service = program.start(&[
        "--key-rotation=2s",
        "--key-publish-ahead=1s",
        "--signing-alg=ES384",
    ]);
    let has_rotated = || {
        let keys = listed(&program);
        let of = |of: &str| keys.iter().filter(|key| key.0 == of).count();
        of("access") > 2 && of("refresh") > 2
    };
    for _ in 0..300 {
        if has_rotated() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(has_rotated(), "{:?}", listed(&program));
    assert_eq!(service.get("/health/ready"), 200);
}

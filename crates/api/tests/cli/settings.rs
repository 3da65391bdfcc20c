use std::fs;

use crate::Program;

#[test]
fn mistakes_are_told_all_at_once_and_nothing_is_made() {
    let program = Program::new();
    let ended = program.run(&["serve", "--listen=x", "--access-ttl=y"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("SYMBOLON_LISTEN=x"), "{}", ended.err);
    assert!(ended.err.contains("SYMBOLON_ACCESS_TTL=y"), "{}", ended.err);
    assert!(!program.directory().join("data").exists());
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    let ended = Program::new().run(&["--nonsense"]);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
}

#[test]
fn the_env_file_is_read() {
    let program = Program::new();
    fs::write(
        program.directory().join(".env"),
        "SYMBOLON_DATA_DIR=elsewhere\n",
    )
    .unwrap();
    let ended = program.run(&["migrate"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(program.directory().join("elsewhere/symbolon.db").exists());
}

#[test]
fn the_help_names_every_setting_and_no_secret() {
    let program = Program::new();
    let help = program
        .command(&["--help"])
        .env("SYMBOLON_MASTER_KEY", "s3cret")
        .env("DATABASE_URL", "postgres://u:s3cret@h/d")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for variable in [
        "DATABASE_URL",
        "SYMBOLON_DATA_DIR",
        "SYMBOLON_LISTEN",
        "SYMBOLON_PUBLIC_URL",
        "SYMBOLON_AUDIENCE",
        "SYMBOLON_ALLOWED_ORIGINS",
        "SYMBOLON_COOKIE_SAMESITE",
        "SYMBOLON_MASTER_KEY",
        "SYMBOLON_MASTER_KEY_FILE",
        "SYMBOLON_SIGNING_ALG",
        "SYMBOLON_ACCESS_TTL",
        "SYMBOLON_IDLE_TTL",
        "SYMBOLON_SESSION_TTL",
        "SYMBOLON_ROTATION_GRACE",
        "SYMBOLON_LATE_REPLAY_EVERY",
        "SYMBOLON_REGISTRATION",
        "SYMBOLON_TRUSTED_ISSUERS",
        "SYMBOLON_TRUSTED_PROXIES",
    ] {
        assert!(help.contains(variable), "{variable}");
    }
    assert!(!help.contains("s3cret"));
}

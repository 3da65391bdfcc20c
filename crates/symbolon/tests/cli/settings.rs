use std::fs;

use crate::Program;

#[test]
fn all_mistakes_are_reported_and_nothing_is_created() {
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
fn an_invalid_env_file_is_reported_without_its_content() {
    let program = Program::new();
    let env = "DATABASE_URL=postgres://u:s3 cret@h/d\n";
    fs::write(program.directory().join(".env"), env).unwrap();
    let ended = program.run(&["migrate"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.err.contains(".env") && !ended.err.contains("cret"),
        "{}",
        ended.err
    );
}

#[test]
fn an_env_file_in_a_directory_above_is_not_read() {
    let program = Program::new();
    fs::write(
        program.directory().join(".env"),
        "SYMBOLON_DATA_DIR=elsewhere\n",
    )
    .unwrap();
    let below = program.directory().join("below");
    fs::create_dir(&below).unwrap();
    let status = program
        .command(&["migrate"])
        .current_dir(&below)
        .status()
        .unwrap();
    assert!(status.success());
    assert!(below.join("data/symbolon.db").exists());
}

#[test]
fn the_help_shows_no_secret() {
    let help = Program::new()
        .command(&["--help"])
        .env("SYMBOLON_MASTER_KEY", "s3cret")
        .env("DATABASE_URL", "postgres://u:s3cret@h/d")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("SYMBOLON_MASTER_KEY") && help.contains("DATABASE_URL"));
    assert!(!help.contains("s3cret"));
}

#[test]
fn the_environment_of_libpq_leads_to_no_other_machine_in_plain_text() {
    let url = "--database-url=postgres://me:s3cret@127.0.0.1:1/d";
    for (variable, value) in [("PGHOSTADDR", "192.0.2.1"), ("PGSERVICE", "elsewhere")] {
        let program = Program::new();
        let output = program
            .command(&["migrate", url])
            .env(variable, value)
            .output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(value) || said.contains(variable), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_url_of_a_database_that_cannot_be_read_says_why_and_quotes_no_password() {
    for (url, said) in [
        ("postgres://me:s3cr/et@127.0.0.1/d", "%2F for /"),
        (
            "postgres://me:s3cret@127.0.0.1/d?pgbouncer=true",
            "SYMBOLON_PREPARED_STATEMENTS",
        ),
        ("sqlite:///x.db?mode=rwc", "no parameters"),
    ] {
        let ended = Program::new().run(&["migrate", &format!("--database-url={url}")]);
        assert_eq!(ended.code, 2);
        assert!(ended.err.contains(said), "{}", ended.err);
        assert!(!ended.err.contains("s3cr"), "{}", ended.err);
    }
}

/// What `symbolon migrate` says with these variables, and its exit code.
fn with_environment(variables: &[(&str, &str)]) -> (Program, i32, String) {
    let program = Program::new();
    let mut command = program.command(&["migrate"]);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (program, output.status.code().unwrap(), said)
}

#[test]
fn blank_settings_are_unset_and_white_space_around_them_does_not_count() {
    let (program, code, said) = with_environment(&[
        ("SYMBOLON_DATA_DIR", " elsewhere\n"),
        ("DATABASE_URL", " \r\n"),
        ("SYMBOLON_DATABASE_TIMEOUT", ""),
        ("SYMBOLON_DANGER_DATABASE_WITHOUT_TLS", " "),
        ("SYMBOLON_PREPARED_STATEMENTS", " Yes "),
    ]);
    assert_eq!(code, 0, "{said}");
    assert!(program.directory().join("elsewhere/symbolon.db").exists());
    let (program, code, said) = with_environment(&[("DATABASE_URL", "sqlite://mine.db\n")]);
    assert_eq!(code, 0, "{said}");
    assert!(program.directory().join("mine.db").exists());
}

#[test]
fn a_setting_that_does_not_exist_is_named_with_the_nearest() {
    let (_, code, said) = with_environment(&[
        ("SYMBOLON_REGISTRATON", "s3cret"),
        ("SYMBOLON_ZZZ", "s3cret"),
        ("SYMBOLON_DANGER_DATABASE_WITHOUT_TLS", "perhaps"),
        // In every pod beside a service of that name.
        ("SYMBOLON_SERVICE_HOST", "10.0.0.1"),
        ("SYMBOLON_PORT", "tcp://10.0.0.1:8000"),
        ("SYMBOLON_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ]);
    assert_eq!(code, 2, "{said}");
    let lines: Vec<_> = said.lines().skip(1).map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "- SYMBOLON_DANGER_DATABASE_WITHOUT_TLS=perhaps: must be on or off (or true, yes, 1; false, no, 0)",
            "- SYMBOLON_REGISTRATON: is not a setting; did you mean SYMBOLON_REGISTRATION?",
            "- SYMBOLON_ZZZ: is not a setting; `symbolon serve --help` lists all",
        ]
    );
}

#[test]
fn mistakes_of_all_kinds_are_told_at_once() {
    let program = Program::new();
    let mut command = program.command(&["serve", "--access-ttl=soon"]);
    let command = command
        .env("SYMBOLON_REGISTRATON", "closed")
        .env("SYMBOLON_LISTEN", "x");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    for name in [
        "SYMBOLON_REGISTRATON",
        "SYMBOLON_LISTEN=x",
        "SYMBOLON_ACCESS_TTL=soon",
    ] {
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn an_env_file_is_read_as_it_is_written() {
    let program = Program::new();
    let file = program.directory().join(".env");
    fs::write(&file, "\u{feff}SYMBOLON_DATA_DIR='pa$word'\r\n").unwrap();
    let ended = program.run(&["migrate"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(program.directory().join("pa$word/symbolon.db").exists());
    fs::write(&file, "# x\nSYMBOLON_DATA_DIR=pa$word\n").unwrap();
    let ended = program.run(&["migrate"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("line 2 has a $"), "{}", ended.err);
    assert!(!ended.err.contains("word"), "{}", ended.err);
}

#[test]
fn the_master_key_is_no_argument() {
    let program = Program::new();
    let key = "A".repeat(43);
    for command in ["serve", "doctor"] {
        let refused = program.run(&[command, &format!("--master-key={key}")]);
        assert_eq!(refused.code, 2);
        assert!(
            refused.err.contains("SYMBOLON_MASTER_KEY_FILE"),
            "{}",
            refused.err
        );
        assert!(!refused.err.contains(&key));
    }
    assert!(
        !program
            .run(&["serve", "--help"])
            .out
            .contains("--master-key <")
    );
}

#[test]
fn two_claims_do_not_share_a_header() {
    let refused = Program::new().run(&["serve", "--verify-claims=role,tenant_id,tenant-id"]);
    assert_eq!(refused.code, 2);
    let why = "tenant_id and tenant-id would be sent in the same header";
    assert!(refused.err.contains(why), "{}", refused.err);
}

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    serve: ServeArgs,
}

pub(crate) fn resolve(arguments: &[&str]) -> Result<ServeSettings, Mistakes> {
    let arguments = std::iter::once(&"symbolon").chain(arguments);
    Cli::try_parse_from(arguments).unwrap().serve.resolve()
}

fn mistakes(arguments: &[&str]) -> String {
    resolve(arguments).unwrap_err().to_string()
}

/// The rows of the documentation's tables that are flags: variable and default.
fn documented() -> Vec<(String, String)> {
    let page = include_str!("../../../../docs/settings.md");
    let tables = page
        .split("## Settings")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let rows = tables.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let cell = |cell: &str| cell.trim_matches('`').to_owned();
        Some((cell(cells.next()?), cell(cells.next()?)))
    });
    rows.filter(|(variable, _)| variable != "RUST_LOG")
        .collect()
}

#[test]
fn the_documentation_lists_every_setting_with_its_default() {
    let command = <Cli as clap::CommandFactory>::command();
    let arguments = command.get_arguments();
    let mut flags: Vec<_> = arguments
        .filter_map(|argument| {
            let variable = argument.get_env()?.to_str()?.to_owned();
            let default = argument.get_default_values().first();
            let default = default.map_or_else(String::new, |d| d.to_str().unwrap().to_owned());
            Some((variable, default))
        })
        .collect();
    let mut documented = documented();
    flags.sort();
    documented.sort();
    // Some defaults depend on others, and are documented in words.
    for ((flag, default), (row, documented)) in flags.iter().zip(&documented) {
        assert_eq!(flag, row);
        assert!(
            default == documented || default.is_empty() || default == "false",
            "{flag}: {documented}"
        );
    }
    assert_eq!(flags.len(), documented.len());
}

#[test]
fn defaults_depend_on_other_settings() {
    let settings = resolve(&["--data-dir=/d", "--public-url=https://id.example.org/"]);
    let settings = settings.unwrap().service;
    assert_eq!(settings.database.url.to_string(), "sqlite:///d/symbolon.db");
    assert_eq!(settings.http.public_url.issuer(), "https://id.example.org");
    assert_eq!(settings.http.audience.own, "https://id.example.org");
    assert!(settings.http.trusted_issuers.is_empty());
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let reported = mistakes(&[
        "--database-url=mysql://x",
        "--listen=nowhere",
        "--access-ttl=soon",
        "--signing-alg=none",
        "--registration=maybe",
        "--trusted-issuers=10.0.0.0/8,ten",
    ]);
    for variable in [
        "DATABASE_URL: must start",
        "SYMBOLON_LISTEN=nowhere",
        "SYMBOLON_ACCESS_TTL=soon",
        "SYMBOLON_SIGNING_ALG=none",
        "SYMBOLON_REGISTRATION=maybe",
        "SYMBOLON_TRUSTED_ISSUERS=ten",
    ] {
        assert!(reported.contains(variable), "{variable} in {reported}");
    }
    assert_eq!(reported.lines().count(), 7, "{reported}");
}

#[test]
fn no_secret_is_shown() {
    for url in [
        "postgres:/u:s3cret@h/d",
        "host=h password=s3cret",
        "psql://h?password=s3cret",
    ] {
        let url = format!("--database-url={url}");
        let reported = mistakes(&["--master-key=s3cret", &url]);
        assert!(reported.contains("SYMBOLON_MASTER_KEY") && reported.contains("DATABASE_URL"));
        assert!(!reported.contains("s3cret"), "{reported}");
    }
}

#[test]
fn an_insecure_public_url_is_refused_unless_forced() {
    let insecure = "--public-url=http://id.example.org";
    assert!(mistakes(&[insecure]).contains("https"));
    assert!(resolve(&[insecure, "--danger-insecure-public-url"]).is_ok());
    for good in [
        "https://id.example.org",
        "http://localhost:9000",
        "http://127.0.0.1",
        "http://[::1]:8000",
    ] {
        assert!(
            resolve(&[&format!("--public-url={good}")]).is_ok(),
            "{good}"
        );
    }
}

#[test]
fn an_unencrypted_database_elsewhere_is_refused_unless_allowed() {
    let elsewhere = "--database-url=postgres://u:s3cret@db.example.org/d";
    let told = mistakes(&[elsewhere]);
    assert!(
        told.contains("db.example.org") && told.contains("sslmode"),
        "{told}"
    );
    assert!(!told.contains("s3cret"), "{told}");
    assert!(resolve(&[&format!("{elsewhere}?sslmode=verify-full")]).is_ok());
    assert!(resolve(&[elsewhere, "--danger-database-without-tls"]).is_ok());
}

#[test]
fn hashes_that_are_too_weak_or_take_too_long_are_refused() {
    for (kib, passes, is_good) in [
        ("19456", "2", true),
        ("47104", "1", true),
        ("7168", "5", true),
        ("262144", "8", true),
        ("19455", "2", false),
        ("19456", "1", false),
        ("7167", "256", false),
        ("262144", "9", false),
        ("262145", "1", false),
    ] {
        let arguments = [
            &*format!("--argon2-kib={kib}"),
            &format!("--argon2-passes={passes}"),
        ];
        assert_eq!(resolve(&arguments).is_ok(), is_good, "{arguments:?}");
        if !is_good {
            assert!(mistakes(&arguments).contains("SYMBOLON_ARGON2_KIB"));
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    assert!(mistakes(&["--cookie-samesite=none"]).contains("https"));
    assert!(mistakes(&["--idle-ttl=40d"]).contains("SYMBOLON_IDLE_TTL"));
    assert!(mistakes(&["--access-ttl=4d"]).contains("SYMBOLON_ACCESS_TTL"));
    let key = format!("--master-key={}", "A".repeat(43));
    assert!(mistakes(&[&key, "--master-key-file=/x"]).contains("not both"));
}

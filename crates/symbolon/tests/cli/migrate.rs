use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use crate::Program;

#[test]
fn migrations_are_applied_once() {
    let program = Program::new();
    let first = program.run(&["migrate"]);
    assert_eq!(first.code, 0, "{}", first.err);
    assert!(first.out.contains("Applied"), "{}", first.out);
    let second = program.run(&["migrate"]);
    assert_eq!(second.code, 0);
    assert!(second.out.contains("is up to date"), "{}", second.out);
}

#[test]
fn a_database_of_another_application_is_left_alone() {
    let program = Program::new();
    let file = program.directory().join("theirs.db");
    let sqlite = |sql: &str| {
        let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
        connection.batch_execute(sql).unwrap();
    };
    sqlite("CREATE TABLE auth_user (id INTEGER); CREATE TABLE sessions (id INTEGER);");
    let url = format!("--database-url=sqlite://{}", file.display());
    for arguments in [
        &["migrate", &url][..],
        &["serve", "--listen=127.0.0.1:0", &url],
        &["doctor", &url],
    ] {
        let refused = program.run(arguments);
        let said = [refused.out, refused.err].concat();
        assert_eq!(refused.code, 1, "{said}");
        assert!(
            said.contains("another application (auth_user, sessions)"),
            "{said}"
        );
    }
    // Another one that uses Diesel.
    sqlite(
        "CREATE TABLE __diesel_schema_migrations (version TEXT, run_on TIMESTAMP); \
         INSERT INTO __diesel_schema_migrations VALUES ('20200101000000', '');",
    );
    let refused = program.run(&["migrate", &url]);
    assert!(
        refused.err.contains("another application"),
        "{}",
        refused.err
    );
}

#[test]
fn a_database_that_a_newer_version_has_migrated_is_left_alone() {
    let program = Program::new();
    let migrated = program.run(&["migrate"]).out;
    let last = migrated.lines().last().unwrap();
    let known: String = last.chars().filter(char::is_ascii_digit).collect();
    let file = program.directory().join("data/symbolon.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations VALUES ('29990101000000', '')";
    connection.batch_execute(newer).unwrap();
    for arguments in [
        &["migrate"][..],
        &["serve", "--listen=127.0.0.1:0"],
        &["user", "list"],
    ] {
        let refused = program.run(arguments);
        assert_eq!(refused.code, 1, "{arguments:?}");
        for told in ["29990101000000", env!("CARGO_PKG_VERSION"), &known] {
            assert!(refused.err.contains(told), "{}", refused.err);
        }
    }
}

#[test]
fn a_database_that_is_away_is_named_without_its_password() {
    let program = Program::new();
    let migrate = |url: &str| program.run(&["migrate", &format!("--database-url={url}")]);
    let away = migrate("postgres://me:s3cret@127.0.0.1:1/db");
    assert_eq!(away.code, 1);
    assert!(away.err.contains("127.0.0.1"), "{}", away.err);
    assert!(!away.err.contains("s3cret"), "{}", away.err);
    for url in [
        "postgres://me:s3cret%zz@localhost/db",
        "postgres://me:s3cret@[h/db?sslmode=require",
    ] {
        let unparsed = migrate(url);
        assert_eq!(unparsed.code, 2);
        assert!(!unparsed.err.contains("s3cret"), "{}", unparsed.err);
    }
    assert!(!program.directory().join("data").exists());
}

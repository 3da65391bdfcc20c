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
        assert_eq!(unparsed.code, 1);
        assert!(
            unparsed.err.contains("cannot parse the URL"),
            "{}",
            unparsed.err
        );
        assert!(!unparsed.err.contains("s3cret"), "{}", unparsed.err);
    }
    assert!(!program.directory().join("data").exists());
}

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
    let url = "--database-url=postgres://me:s3cret@127.0.0.1:1/db";
    let ended = Program::new().run(&["migrate", url]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("127.0.0.1"), "{}", ended.err);
    assert!(!ended.err.contains("s3cret"), "{}", ended.err);
}

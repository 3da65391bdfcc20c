use serde_json::Value;

use crate::Program;

fn listed(program: &Program) -> Vec<Value> {
    let ended = program.run(&["service-key", "list", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn a_key_is_printed_once_alone_on_standard_output() {
    let program = Program::migrated();
    let create = [
        "service-key",
        "create",
        "--name=django",
        "--scope=tokens:issue",
        "--expires=90d",
    ];
    let created = program.run(&create);
    assert_eq!(created.code, 0, "{}", created.err);
    let key = created.out.trim();
    assert_eq!(created.out, format!("{key}\n"));
    assert!(key.starts_with("symbolon_sk_") && key.len() == 55, "{key}");
    assert!(created.err.contains("not shown again") && !created.err.contains(key));

    let keys = listed(&program);
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0]["name"], "django");
    assert_eq!(keys[0]["scopes"], serde_json::json!(["tokens:issue"]));
    assert_eq!(keys[0]["state"], "valid");
    assert!(keys[0]["expires_at"].is_string());
    let table = program.run(&["service-key", "list"]).out;
    assert!(table.contains("django") && !table.contains(key), "{table}");
}

#[test]
fn a_key_is_revoked_by_name_once() {
    let program = Program::migrated();
    let create = [
        "service-key",
        "create",
        "--name=django",
        "--scope=tokens:issue",
    ];
    assert_eq!(program.run(&create).code, 0);
    let twice = program.run(&create);
    assert_eq!(twice.code, 1);
    assert!(twice.err.contains("django"), "{}", twice.err);

    assert_eq!(program.run(&["service-key", "revoke", "django"]).code, 0);
    assert_eq!(listed(&program)[0]["state"], "revoked");
    let again = program.run(&["service-key", "revoke", "django"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("django"), "{}", again.err);
    assert_eq!(program.run(&create).code, 0);
}

#[test]
fn an_unknown_scope_is_refused_with_those_there_are() {
    let create = [
        "service-key",
        "create",
        "--name=django",
        "--scope=everything",
    ];
    let ended = Program::new().run(&create);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("tokens:issue"), "{}", ended.err);
}

#[test]
fn a_key_that_would_outlive_everyone_is_refused() {
    let create = [
        "service-key",
        "create",
        "--name=django",
        "--scope=users:read",
        "--expires=9000y",
    ];
    let ended = Program::new().run(&create);
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("ten years"), "{}", ended.err);
}

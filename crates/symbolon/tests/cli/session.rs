use serde_json::{Value, json};

use crate::Program;
use crate::program::Running;

const PASSWORD: &str = "correct horse battery";

/// A user who has signed in twice at a running service, and their access tokens.
fn signed_in_twice(program: &Program, service: &Running) -> (String, [String; 2]) {
    let add = ["user", "add", "--name=Ann", "--email=ann@example.org"];
    let id = program.run_with_input(&add, PASSWORD).out.trim().to_owned();
    let tokens = [(); 2].map(|()| {
        let login = json!({ "email": "ann@example.org", "password": PASSWORD });
        let answer: Value = service.post("/api/login", &login);
        answer["token"].as_str().unwrap().to_owned()
    });
    (id, tokens)
}

fn listed(program: &Program, arguments: &[&str]) -> Vec<Value> {
    let ended = program.run(&[&["session", "list", "--json"], arguments].concat());
    assert_eq!(ended.code, 0, "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

/// Within the two seconds that are promised, or a little more on a machine that is busy.
fn refused_soon(service: &Running, token: &str) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        service.get_with_token("/api/sessions", token) == 401
    })
}

#[test]
fn sessions_are_listed_shown_and_revoked() {
    let program = Program::new();
    let service = program.start(&[]);
    let (user, [first, second]) = signed_in_twice(&program, &service);

    let sessions = listed(&program, &["--user", &user]);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["user_id"], user.as_str());
    assert_eq!(sessions[0]["ip"], "127.0.0.1");
    assert_eq!(listed(&program, &["--limit=1"]).len(), 1);
    assert_eq!(listed(&program, &["--user=nobody"]).len(), 0);
    let table = program.run(&["session", "list"]).out;
    assert!(table.starts_with("ID "), "{table}");
    assert!(table.contains(&user), "{table}");

    // The newest comes first.
    let newest = sessions[0]["id"].as_str().unwrap();
    let ended = program.run(&["session", "revoke", newest]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.starts_with("Revoked 1 session;"), "{}", ended.out);
    assert!(refused_soon(&service, &second));
    assert_eq!(service.get_with_token("/api/sessions", &first), 200);

    let again = program.run(&["session", "revoke", newest]);
    assert_eq!(again.code, 1);

    // Why did it end?
    let shown = program.run(&["session", "show", newest]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let reason = "revoked_by_operator, by command_line";
    assert!(shown.out.contains(reason), "{}", shown.out);
    let shown = program.run(&["session", "show", newest, "--json"]);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["end_reason"], "revoked_by_operator");
    let all = listed(&program, &["--all", "--user", &user]);
    let live = listed(&program, &["--user", &user]);
    assert_eq!((all.len(), live.len()), (2, 1));
    assert_eq!(all[0]["ended_by"], "command_line");
    assert_eq!(all[1]["ended_by"], Value::Null);
    let table = program.run(&["session", "list", "--all"]).out;
    assert!(table.contains("command_line"), "{table}");
    let unknown = program.run(&["session", "show", "0192f0c1-8a9b-7c0d-9e1f-203142536475"]);
    assert_eq!(unknown.code, 1);
    let all = program.run(&["session", "revoke", "--user", &user]);
    assert!(all.out.starts_with("Revoked 1 session;"), "{}", all.out);
    assert!(refused_soon(&service, &first));
    assert_eq!(program.run(&["session", "revoke"]).code, 2);
    assert_eq!(program.run(&["session", "revoke", "x"]).code, 2);
}

#[test]
fn a_user_who_is_disabled_or_deleted_has_no_session() {
    let program = Program::new();
    let service = program.start(&[]);
    let (user, [token, _]) = signed_in_twice(&program, &service);
    let run = |command: &str| program.run(&["user", command, &user]);

    let disabled = run("disable");
    assert!(
        disabled
            .out
            .starts_with(&format!("Disabled user {user}.\nRevoked 2 sessions;")),
        "{}",
        disabled.out
    );
    assert!(refused_soon(&service, &token));
    let login = json!({ "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(
        service.post("/api/login", &login)["code"],
        "invalid_credentials"
    );
    assert_eq!(run("disable").code, 1);

    assert_eq!(run("enable").out, format!("Enabled user {user}.\n"));
    assert_eq!(run("enable").code, 1);
    assert!(service.post("/api/login", &login)["token"].is_string());

    let deleted = run("delete");
    assert!(
        deleted
            .out
            .starts_with(&format!("Deleted user {user}.\nRevoked 1 session;")),
        "{}",
        deleted.out
    );
    let missing = run("delete");
    assert_eq!(
        (missing.code, missing.err.as_str()),
        (1, "symbolon: no user has this id\n")
    );
    assert_eq!(
        service.post("/api/login", &login)["code"],
        "invalid_credentials"
    );
}

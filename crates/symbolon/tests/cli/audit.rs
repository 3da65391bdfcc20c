use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use store::events::{Cause, EventKind};
use store::sessions::RevokedReason;

use crate::Program;

fn search(program: &Program, arguments: &[&str]) -> Vec<String> {
    let found = program.run(&[&["audit", "search", "--json"], arguments].concat());
    assert_eq!(found.code, 0, "{}", found.err);
    let events: Vec<Value> = serde_json::from_str(&found.out).unwrap();
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or("-").to_owned();
    events
        .iter()
        .map(|event| {
            ["kind", "outcome", "user", "actor", "subject"]
                .map(|name| text(event, name))
                .join(" ")
        })
        .collect()
}

#[test]
fn what_the_operator_does_is_recorded() {
    let program = Program::new();
    let key = program.service_key_for_ann();
    let service = program.start(&[]);
    service.tokens(&key, &json!({ "id": 7 }));
    for command in [
        &["session", "revoke", "--user=7"][..],
        &["keys", "rotate"],
        &["user", "disable", "7"],
        &["user", "enable", "7"],
        &["service-key", "revoke", "test"],
        &["user", "delete", "7"],
    ] {
        assert_eq!(program.run(command).code, 0, "{command:?}");
    }
    // What had not been written is written before the end.
    service.terminate();
    service.wait();
    let mut found = search(&program, &[]);
    let rotated = found
        .iter()
        .position(|e| e.starts_with("key_rotated done - command_line access key "));
    found.remove(rotated.unwrap());
    assert_eq!(
        found,
        [
            "user_deleted done 7 command_line -",
            "service_key_revoked done - command_line test",
            "user_enabled done 7 command_line -",
            "user_disabled done 7 command_line -",
            "session_revoked done 7 command_line -",
            "session_issued done 7 service_key:test -",
            "service_key_created done - command_line test",
            "user_added done 7 command_line -",
        ]
    );
    assert_eq!(
        search(&program, &["--user=7", "--kind=user_added"]).len(),
        1
    );
    assert_eq!(search(&program, &["--refused"]).len(), 0);
    assert_eq!(search(&program, &["--limit=2"]).len(), 2);
    let unknown = program.run(&["audit", "search", "--kind=x"]);
    assert!(
        unknown.code == 2 && unknown.err.contains("sign_in"),
        "{}",
        unknown.err
    );
}

#[test]
fn the_tail_shows_what_was_and_what_comes() {
    let program = Program::new();
    program.service_key_for_ann();
    let mut tail = Command::new(env!("CARGO_BIN_EXE_symbolon"))
        .args(["audit", "tail"])
        .env_clear()
        .current_dir(program.directory())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains("user_added  done  command_line  7"));
    assert!(next().contains("service_key_created"));
    assert_eq!(program.run(&["user", "disable", "7"]).code, 0);
    assert!(next().contains("user_disabled  done  command_line  7"));
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn the_log_is_an_object_each_line_for_programs() {
    let program = Program::new();
    let service = program.start(&["--log-format=json"]);
    let body = json!({ "email": "nobody@example.org", "password": "a guess of theirs" });
    service.post("/api/login", &body);
    service.terminate();
    let log = {
        let copy = program.directory().join("log");
        service.wait();
        std::fs::read_to_string(copy).unwrap()
    };
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let event = lines
        .iter()
        .find(|line| line["target"] == "symbolon::audit")
        .unwrap();
    assert_eq!(event["kind"], "sign_in");
    assert_eq!(event["outcome"], "refused");
    assert_eq!(event["reason"], "email_unknown");
    assert_eq!(event["level"], "warn");
    assert!(event["at"].is_string() && event["message"].is_string());
    assert!(!log.contains("a guess of theirs") && !log.contains("nobody@"));
}

#[test]
fn the_documentation_lists_every_kind_and_every_reason() {
    let page = include_str!("../../../../docs/events-and-metrics.md");
    let kinds = EventKind::ALL.iter().map(|kind| kind.as_str());
    let causes = Cause::ALL.iter().map(|cause| cause.as_str());
    let revoked = RevokedReason::ALL.iter().map(|reason| reason.as_str());
    for word in kinds.chain(causes).chain(revoked) {
        assert!(page.contains(&format!("\n| `{word}` | ")), "{word}");
    }
}

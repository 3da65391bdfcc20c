use std::fs;

use serde_json::{Value, json};

use crate::Program;
use crate::program::Ended;

/// Made by Django 5.2.8 of "lètmein \u{1f600}".
const HASH: &str =
    "pbkdf2_sha256$1000000$Jz6gDEYFPfY1odRaYoKDOW$QMTOhHCpo6W8/4gpVxO7Er4z5MEqcCy34Yr7X2r7TN8=";

fn import(program: &Program, form: &str, text: &str, more: &[&str]) -> Ended {
    fs::write(program.directory().join("users"), text).unwrap();
    let from = format!("--from={form}");
    program.run(&[&["user", "import", &from, "users"], more].concat())
}

fn users(program: &Program) -> Vec<Value> {
    serde_json::from_str(&program.run(&["user", "list", "--json"]).out).unwrap()
}

fn csv() -> String {
    format!(
        "id,name,email,password,is_active,claims\n\
         7,Ann,ann@example.org,{HASH},True,\"{{\"\"role\"\":\"\"editor\"\"}}\"\n\
         8,\"Bob, jr\",bob@example.org,!unusable,0,\n\
         9,ann2,ANN@example.org,,1,\n\
         10,Cy,not an address,,1,\n\
         11,Di,di@example.org,md5$salt$hash,1,\n\
         12,Ed\n"
    )
}

#[test]
fn each_row_is_imported_or_refused_with_its_reason() {
    let program = Program::migrated();
    let dry = import(&program, "csv", &csv(), &["--dry-run"]);
    assert_eq!(dry.code, 1);
    let summary =
        "2 users (1 without a password, 1 disabled). Skipped 0 existing users, refused 4 rows.";
    assert!(
        dry.out.contains(&format!("Would import {summary}")),
        "{}",
        dry.out
    );
    assert!(users(&program).is_empty());

    let imported = import(&program, "csv", &csv(), &[]);
    assert!(
        imported.out.contains(&format!("Imported {summary}")),
        "{}",
        imported.out
    );
    for why in [
        "line 4: another user has this email address",
        "line 5: email: must be",
        "line 6: password: unsupported password hash",
        "line 7: it has 2 cells, but the first line has 6",
    ] {
        assert!(imported.err.contains(why), "{why}: {}", imported.err);
    }
    assert!(!imported.err.contains("md5$salt"));
    let users = users(&program);
    assert_eq!(users.len(), 2);
    assert_eq!(
        (&users[0]["id"], &users[0]["disabled"]),
        (&json!("7"), &json!(false))
    );
    assert_eq!(
        (&users[1]["name"], &users[1]["disabled"]),
        (&json!("Bob, jr"), &json!(true))
    );

    // Done again, it goes on.
    let again = import(&program, "csv", &csv(), &[]);
    assert!(
        again.out.contains("Imported 0 users") && again.out.contains("Skipped 2 existing users"),
        "{}",
        again.out
    );
}

#[test]
fn an_imported_password_signs_in_and_gets_a_hash_of_ours() {
    let program = Program::migrated();
    let line = json!({ "id": 7, "name": "Ann", "email": "ann@example.org", "password": HASH });
    let imported = import(&program, "jsonl", &format!("{line}\n\n[]\n"), &[]);
    assert!(
        imported.err.contains("line 3: not a JSON object"),
        "{}",
        imported.err
    );
    let service = program.start(&[]);
    let sign_in = |password: &str| {
        let body = json!({ "email": "ann@example.org", "password": password });
        service.post("/api/login", &body)
    };
    assert_eq!(sign_in("letmein \u{1f600}")["code"], "invalid_credentials");
    assert!(sign_in("lètmein \u{1f600}")["token"].is_string());
    assert!(sign_in("lètmein \u{1f600}")["token"].is_string());
    assert_eq!(sign_in("letmein \u{1f600}")["code"], "invalid_credentials");
}

#[test]
fn a_dump_of_django_has_more_than_users() {
    let program = Program::migrated();
    let dump = json!([
        { "model": "sessions.session", "pk": "x", "fields": { "session_data": "…" } },
        { "model": "auth.user", "pk": 3, "fields": { "username": "ann", "email": "ann@example.org", "password": HASH, "is_active": true } },
        { "model": "users.user", "pk": 4, "fields": { "name": "Bob", "email": "bob@example.org", "password": "", "is_active": false } },
        { "model": "auth.user", "pk": 5, "fields": { "username": "cy@example.org", "email": "", "password": "!", "is_active": true } },
        { "model": "auth.user", "pk": 6, "fields": { "username": "di", "email": "", "password": "!" } },
    ]);
    let imported = import(&program, "django-json", &dump.to_string(), &[]);
    assert!(
        imported
            .out
            .contains("Imported 3 users (2 without a password, 1 disabled)."),
        "{}{}",
        imported.out,
        imported.err
    );
    assert!(
        imported.err.contains("auth.user 6: email: must be"),
        "{}",
        imported.err
    );
    assert_eq!(users(&program)[2]["email"], "cy@example.org");
}

#[test]
fn what_cannot_be_read_is_said() {
    let program = Program::new();
    for (form, text, why) in [
        ("csv", "name,email\n", "no column id"),
        ("csv", "", "no column id"),
        ("jsonl", "", "the source contains no users"),
        ("django-json", "{}", "not the output of dumpdata"),
        ("django-json", "[]", "the source contains no users"),
    ] {
        let refused = import(&program, form, text, &[]);
        assert_eq!(refused.code, 1, "{form}");
        assert!(refused.err.contains(why), "{form}: {}", refused.err);
    }
    let url = program.run(&["user", "import", "--from=django-db", "sqlite:///x"]);
    assert!(
        url.code == 2 && url.err.contains("postgres://"),
        "{}",
        url.err
    );
}

#[test]
fn weak_hashes_are_named_and_imported() {
    let program = Program::migrated();
    let old = HASH.replacen("1000000", "1000", 1);
    let csv = format!(
        "id,name,email,password\n7,Ann,ann@example.org,{old}\n8,Bob,bob@example.org,{HASH}\n\
         9,Cy,cy@example.org,{old}\n"
    );
    for dry in [&["--dry-run"][..], &[]] {
        let imported = import(&program, "csv", &csv, dry);
        assert_eq!(imported.code, 0, "{}", imported.err);
        let warning =
            "2 password hashes are weaker than recommended (pbkdf2_sha256 with 1000 rounds)";
        assert!(imported.err.contains(warning), "{}", imported.err);
    }
    assert_eq!(users(&program).len(), 3);
}

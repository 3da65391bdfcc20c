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
fn users_as_they_are_really_stored() {
    let program = Program::migrated();
    let user = |pk: u32, fields: Value| {
        let mut all = json!({ "password": "!", "email": format!("u{pk}@example.org") });
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        json!({ "model": "users.user", "pk": pk, "fields": all })
    };
    let dump = json!([
        // Of cookiecutter-django.
        user(1, json!({ "name": "", "username": "", "is_active": true })),
        user(2, json!({ "name": " ", "username": "ann" })),
        user(3, json!({ "full_name": "Ann Smith", "is_staff": true, "role": "editor", "groups": [["staff"]] })),
        user(4, json!({ "first_name": "Ann", "last_name": "Smith", "date_joined": "2020-02-03T04:05:06.789Z" })),
        user(5, json!({ "is_active": 0 })),
        user(6, json!({ "is_active": "False" })),
        user(7, json!({ "is_active": null })),
        user(8, json!({ "name": "Ann", "date_joined": "yesterday" })),
        { "model": "users.user", "fields": { "password": "!", "email": "u9@example.org" } },
    ]);
    let claims = ["--claim=role=role", "--claim=staff=is_staff"];
    let imported = import(&program, "django-json", &dump.to_string(), &claims);
    for why in [
        "users.user 5: is_active: must be true or false",
        "users.user 6: is_active: must be",
        "users.user 7: is_active: must be",
        "users.user 8: date_joined or created_at: must be a time",
        "users.user: it has no pk; export again, without --natural-primary",
        "note: these fields are not imported: groups;",
    ] {
        assert!(imported.err.contains(why), "{why}: {}", imported.err);
    }
    let users = users(&program);
    let names: Vec<_> = users
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["u1@example.org", "ann", "Ann Smith", "Ann Smith"]);
    assert_eq!(users[3]["created_at"], "2020-02-03T04:05:06Z");
    let key = program.run(&["service-key", "create", "--name=x", "--scope=tokens:issue"]);
    let service = program.start(&[]);
    let (token, _) = service.tokens(key.out.trim(), &json!({ "id": "3" }));
    let told = program.run(&["token", "inspect", &token]).out;
    assert!(
        told.contains("\"editor\"") && told.contains("staff      true"),
        "{told}"
    );
}

#[test]
fn a_claim_of_a_field_that_no_user_has_is_a_mistake() {
    let program = Program::migrated();
    let rows = "id,name,email,password,role\n7,Ann,ann@example.org,,editor\n";
    fs::write(program.directory().join("users"), rows).unwrap();
    let import = |claim: &str| program.run(&["user", "import", "--from=csv", claim, "users"]);
    let imported = import("--claim=role=rolle");
    assert_eq!(imported.code, 1);
    assert!(
        imported.err.contains("no user has the field rolle"),
        "{}",
        imported.err
    );
    assert!(users(&program).is_empty());
    assert_eq!(import("--claim=role=role").code, 0);
}

#[test]
fn ids_that_a_spreadsheet_has_changed_are_refused_by_name() {
    let program = Program::migrated();
    let rows = ["74.0", "1E+05", "1.0e5", "074", "7-4"];
    let rows = rows.map(|id| format!("{id},Ann,u{id}@example.org,,\n"));
    let text = format!("id,name,email,password,is_staff\n{}", rows.concat());
    // As Excel saves "Unicode text".
    let utf_16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(program.directory().join("users"), utf_16).unwrap();
    let imported = program.run(&["user", "import", "--from=csv", "users"]);
    for id in ["74.0", "1E+05", "1.0e5"] {
        let why = format!("id: {id} was changed by a spreadsheet");
        assert!(imported.err.contains(&why), "{}", imported.err);
    }
    assert!(
        imported.err.contains("not imported: is_staff;"),
        "{}",
        imported.err
    );
    assert!(
        imported.out.contains("Imported 2 users"),
        "{}",
        imported.out
    );
    let json = "{\"id\":74.0,\"name\":\"Ann\",\"email\":\"ann@example.org\"}";
    let imported = import(&program, "jsonl", json, &[]);
    assert!(
        imported.err.contains("74.0 was changed"),
        "{}",
        imported.err
    );
}

#[test]
fn an_argon2_hash_without_a_version_is_of_the_first() {
    // Both by argon2-cffi, of "mot de passe no 16".
    let first = "K+AXXLO4/3YkyHKRMkrxFK2pLX6CY9QdWYjhcQRG5VQ";
    let second = "nuHHmWwkSDa9T8+aeR5xnkxcppZ3QoZT3JCyNScev2s";
    let salt = "m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA";
    for (hash, is_right) in [
        (format!("$argon2id${salt}${first}"), true),
        (format!("$argon2id$v=16${salt}${first}"), true),
        (format!("$argon2id$v=19${salt}${second}"), true),
        (format!("$argon2id${salt}${second}"), false),
    ] {
        let program = Program::migrated();
        let row = json!({ "id": 7, "name": "Ann", "email": "ann@example.org", "password": hash });
        let imported = import(&program, "jsonl", &row.to_string(), &[]);
        assert_eq!(imported.code, 0, "{}", imported.err);
        let service = program.start(&[]);
        let body = json!({ "email": "ann@example.org", "password": "mot de passe no 16" });
        let answer = service.post("/api/login", &body);
        assert_eq!(answer["token"].is_string(), is_right, "{hash}: {answer}");
    }
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

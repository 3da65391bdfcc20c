//! A thousand users of a real Django application are imported with their password hashes.

use std::thread;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use throwaway_postgres::Database;

use crate::guide::Guide;

const USERS: usize = 1000;

#[test]
fn a_thousand_users_of_django_sign_in_with_their_old_passwords() {
    let steps = format!(
        "Save this as `accounts.py`:\n\n```python\n{}\n```\n\nSave this as `requirements.txt`:\n\n```text\n{}\n```\n\n\
         ```sh\n# From the registry\npython3 -m venv venv\nvenv/bin/pip install --quiet -r requirements.txt\n```\n\n\
         ```sh\n# In a shell of its own, on port 8000\n\
         symbolon serve --limit-sign-in off --limit-account off\n```\n",
        include_str!("django/accounts.py"),
        include_str!("django/requirements.txt")
    );
    let Some(guide) = Guide::follow(&steps, &["8000"]) else {
        return;
    };
    let Some(database) = Database::create() else {
        return;
    };
    let url = database.url();
    guide.run(&format!("venv/bin/python accounts.py '{url}' {USERS} out"));
    let summary = format!(
        "{USERS} users (10 without a password, 20 disabled). Skipped 0 existing users, refused 0 rows."
    );
    for source in [
        "--from django-json out/users.json".to_owned(),
        "--from csv out/users.csv".to_owned(),
        "--from jsonl - < out/users.jsonl".to_owned(),
        format!("--from django-db --table users_user '{url}'"),
    ] {
        let would = guide.run(&format!("symbolon user import --dry-run {source}"));
        assert_eq!(would.trim(), format!("Would import {summary}"), "{source}");
    }
    let import = format!("DJANGO_DATABASE_URL='{url}' symbolon user import --from django-db");
    assert_eq!(guide.run(&import).trim(), format!("Imported {summary}"));

    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let login = format!("http://localhost:{}/api/login", guide.port("8000"));
    let sign_in = |n: usize, password: String| {
        let body = json!({ "email": format!("user{n}@example.org"), "password": password });
        let call = agent
            .post(&login)
            .header("content-type", "application/json");
        call.send(body.to_string()).unwrap().status().as_u16()
    };
    thread::scope(|scope| {
        for part in 0..4 {
            let sign_in = &sign_in;
            scope.spawn(move || {
                for n in (1..=USERS).filter(|n| n % 4 == part) {
                    // Every 50th may not sign in.
                    let expected = if n % 50 == 0 { 401 } else { 200 };
                    assert_eq!(sign_in(n, format!("Password of user {n}")), 401, "user {n}");
                    assert_eq!(
                        sign_in(n, format!("password of user {n}")),
                        expected,
                        "user {n}"
                    );
                }
            });
        }
    });

    // Who has signed in has a hash of ours, and signs in with it.
    let file = guide.run("echo $PWD/data/symbolon.db");
    let mut sqlite = SqliteConnection::establish(file.trim()).unwrap();
    let ours: i64 = diesel::select(diesel::dsl::sql::<BigInt>(
        "(SELECT count(*) FROM users WHERE password LIKE '$argon2id$v=19$m=19456,t=2,p=1$%')",
    ))
    .get_result(&mut sqlite)
    .unwrap();
    assert_eq!(ours, 980);
    for n in 1..=5 {
        assert_eq!(sign_in(n, format!("password of user {n}")), 200);
        assert_eq!(sign_in(n, format!("Password of user {n}")), 401);
    }
}

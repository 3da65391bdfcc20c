//! Migrations: from the version before and back, and databases of newer versions.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Nullable, Text};
use store::migrations::State;
use store::{DatabaseUrl, Store, StoreError, migrations};

use crate::{Fixture, OPTIONS, on_both_back_ends};

on_both_back_ends! {
    old_events_say_who_and_why_in_columns
    a_database_of_a_newer_version_is_refused
    a_database_of_another_application_is_refused
}

/// Kind and text of an old event, and the actor, reason and subject that it gets.
type Converted = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
);

const EVENTS: [Converted; 12] = [
    (
        "sign_in",
        "wrong_password",
        None,
        Some("wrong_password"),
        None,
    ),
    (
        "registration",
        "closed",
        None,
        Some("registration_closed"),
        None,
    ),
    ("registration", "name_taken", None, None, None),
    ("session_ended", "logout", None, Some("logout"), None),
    (
        "session_ended",
        "service key hr",
        Some("service_key:hr"),
        Some("revoked_by_operator"),
        None,
    ),
    (
        "user_added",
        "command line",
        Some("command_line"),
        None,
        None,
    ),
    (
        "key_rotated",
        "command line: access key k1, emergency",
        Some("command_line"),
        Some("emergency"),
        Some("access key k1"),
    ),
    (
        "key_rotated",
        "refresh key k2, by age",
        Some("system"),
        Some("age"),
        Some("refresh key k2"),
    ),
    (
        "users_imported",
        "command line: 7 users",
        Some("command_line"),
        None,
        Some("7 users"),
    ),
    (
        "service_key_refused",
        "service key a: lacks users:read",
        None,
        Some("scope_missing"),
        Some("service key a"),
    ),
    (
        "replay_suspicious",
        "another network than at sign-in",
        None,
        Some("other_network"),
        None,
    ),
    (
        "refresh_reused",
        "generation 1 presented, 3 current; another user agent and network than at sign-in",
        None,
        Some("other_device"),
        None,
    ),
];

fn script(f: &Fixture, name: &str) -> String {
    let back_end = match f.url {
        DatabaseUrl::Sqlite(_) => "sqlite",
        DatabaseUrl::Postgres(_) => "postgres",
    };
    let migration = "2026-11-26-120000_actors_and_reasons";
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    std::fs::read_to_string(format!("{root}/{back_end}/{migration}/{name}.sql")).unwrap()
}

fn old_events_say_who_and_why_in_columns(f: &Fixture) {
    #[derive(QueryableByName, PartialEq, Eq, Debug)]
    struct Row {
        #[diesel(sql_type = Nullable<Text>)]
        actor: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        reason: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        subject: Option<String>,
    }
    let (down, up) = (script(f, "down"), script(f, "up"));
    let migrate = move |c: &mut store::AnyConnection| {
        c.batch_execute(&down)?;
        for (n, (kind, detail, ..)) in EVENTS.iter().enumerate() {
            c.batch_execute(&format!(
                "INSERT INTO events (id, at, kind, outcome, detail) \
                 VALUES ('{n:02}', 0, '{kind}', 'done', '{detail}')"
            ))?;
        }
        c.batch_execute(&up)?;
        let rows = sql_query("SELECT actor, reason, subject FROM events ORDER BY id");
        Ok(rows.load::<Row>(c)?)
    };
    let rows = f.store.transaction(migrate).unwrap();
    let expected = EVENTS.map(|(_, _, actor, reason, subject)| {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Row {
            actor: text(actor),
            reason: text(reason),
            subject: text(subject),
        }
    });
    assert_eq!(rows, expected);
}

fn a_database_of_a_newer_version_is_refused(f: &Fixture) {
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231235959')";
    f.store.write(move |c| Ok(c.batch_execute(newer)?)).unwrap();
    let refused = migrations::run(&f.url, &OPTIONS).unwrap_err();
    assert!(
        matches!(&refused, StoreError::Migration(why) if why.contains("99991231235959")),
        "{refused:?}"
    );
    // A replica that was started before goes on.
    assert!(f.store.read(migrations::are_complete).unwrap());
}

fn refusal(url: &DatabaseUrl) -> String {
    match migrations::run(url, &OPTIONS) {
        Err(StoreError::Migration(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn a_database_of_another_application_is_refused(f: &Fixture) {
    let ours = f.store.read(migrations::state).unwrap();
    assert_eq!(ours, State::Complete);
    let elsewhere = tempfile::tempdir().unwrap();
    let url = match &f.url {
        DatabaseUrl::Sqlite(_) => DatabaseUrl::sqlite(elsewhere.path().join("theirs.db")),
        // A schema beside ours.
        DatabaseUrl::Postgres(_) => {
            f.execute("CREATE SCHEMA theirs");
            let url = f.database().url();
            let separator = if url.contains('?') { '&' } else { '?' };
            let url = format!("{url}{separator}options=-c%20search_path%3Dtheirs");
            DatabaseUrl::parse(&url).unwrap()
        }
    };
    let theirs = Store::open(&url, OPTIONS).unwrap();
    assert_eq!(theirs.read(migrations::state).unwrap(), State::Empty);
    let table = "CREATE TABLE auth_user (id INTEGER)";
    theirs.write(move |c| Ok(c.batch_execute(table)?)).unwrap();
    assert!(refusal(&url).contains("another application (auth_user)"));
    let tables = "DROP TABLE auth_user";
    theirs.write(move |c| Ok(c.batch_execute(tables)?)).unwrap();
    assert!(!migrations::run(&url, &OPTIONS).unwrap().is_empty());
}

#[test]
fn a_database_in_another_encoding_is_refused() {
    let Some(f) = Fixture::postgres() else {
        return;
    };
    let name = format!("{}_ascii", std::process::id());
    f.execute(&format!(
        "CREATE DATABASE \"{name}\" ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    ));
    let url = f.database().url().replace(f.database().name(), &name);
    let refused = refusal(&DatabaseUrl::parse(&url).unwrap());
    assert!(refused.contains("its encoding is SQL_ASCII"), "{refused}");
    f.execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
}

//! Migrations, transactions, and the configuration of each back end.

use std::collections::BTreeMap;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use store::sessions::Renewal;
use store::users::User;
use store::{AnyConnection, DatabaseUrl, Store, StoreError, StoreOptions, migrations};

use crate::{Fixture, OPTIONS, RULES, START, on_both_back_ends, presented, user};

on_both_back_ends! {
    migrations_are_complete_once_they_ran
    a_failed_transaction_changes_nothing
    a_failed_write_does_not_affect_others
    a_panic_is_rolled_back_and_later_writes_work
}

fn migrations_are_complete_once_they_ran(f: &Fixture) {
    assert!(f.store.read(migrations::are_complete).unwrap());
    assert!(migrations::run(&f.url, &OPTIONS).unwrap().is_empty());
    f.store
        .write(|c| Ok(c.batch_execute("DELETE FROM __diesel_schema_migrations")?))
        .unwrap();
    assert!(!f.store.read(migrations::are_complete).unwrap());
}

fn a_failed_transaction_changes_nothing(f: &Fixture) {
    let result: Result<(), _> = f.store.transaction(|c| {
        store::users::add(c, &user("ann"))?;
        Err(StoreError::Unreadable("test"))
    });
    assert!(result.is_err());
    let users = f
        .store
        .read(|c| store::users::list(c, None, None, 10))
        .unwrap();
    assert!(users.is_empty());
}

fn a_failed_write_does_not_affect_others(f: &Fixture) {
    thread::scope(|scope| {
        for n in 0..20 {
            scope.spawn(move || {
                if n % 2 == 0 {
                    f.add_user(&format!("user{n}"));
                } else {
                    let bad = f.store.write(|c| Ok(c.batch_execute("UPDATE nothing")?));
                    assert!(bad.is_err());
                }
            });
        }
    });
    let users = f
        .store
        .read(|c| store::users::list(c, None, None, 100))
        .unwrap();
    assert_eq!(users.len(), 10);
}

fn a_panic_is_rolled_back_and_later_writes_work(f: &Fixture) {
    for _ in 0..10 {
        let panicking = || {
            f.store.transaction::<()>(|c| {
                store::users::add(c, &user("half"))?;
                panic!("on purpose")
            })
        };
        let panicked = thread::scope(|scope| scope.spawn(panicking).join());
        assert!(!matches!(panicked, Ok(Ok(()))));
    }
    f.add_user("ann");
    let users = f
        .store
        .read(|c| store::users::list(c, None, None, 10))
        .unwrap();
    assert_eq!(users.len(), 1);
}

/// As a full disk does it: SQLite has rolled back by itself, and the failed call knows nothing.
#[test]
fn sqlite_commits_nothing_of_a_transaction_that_was_lost_on_the_way() {
    let f = Fixture::sqlite();
    let lost = f.store.transaction::<()>(|c| {
        store::users::add(c, &user("before"))?;
        c.batch_execute("ROLLBACK")?;
        Err(StoreError::Unreadable("test"))
    });
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    let lost = f.store.write::<()>(|c| {
        c.batch_execute("ROLLBACK")?;
        Err(StoreError::Unreadable("test"))
    });
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert!(
        f.store
            .read(|c| store::users::list(c, None, None, 10))
            .unwrap()
            .is_empty()
    );
    f.add_user("ann");
}

#[test]
fn sqlite_keeps_temporary_data_in_memory() {
    let f = Fixture::sqlite();
    let kept_in_memory = f.store.write(|c| {
        let sql = "SELECT temp_store AS n FROM pragma_temp_store";
        Ok(sql_query(sql).get_result::<Number>(c)?.n)
    });
    assert_eq!(kept_in_memory.unwrap(), 2);
}

#[test]
fn a_locked_sqlite_file_is_unavailable_for_all_who_wait_at_once() {
    let f = Fixture::sqlite();
    let mut other = match &f.url {
        DatabaseUrl::Sqlite(path) => SqliteConnection::establish(path.to_str().unwrap()).unwrap(),
        DatabaseUrl::Postgres(_) => panic!("SQLite"),
    };
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let add = |name: &'static str| {
        let user = user(name);
        f.store.write(move |c| store::users::add(c, &user))
    };
    let refused: Vec<_> = thread::scope(|scope| {
        let calls: Vec<_> = ["a", "b", "c", "d"]
            .map(|name| scope.spawn(move || add(name)))
            .into_iter()
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let names_the_file = |call: &Result<_, _>| matches!(call, Err(StoreError::Unavailable(why)) if why.contains("symbolon.db"));
    assert!(refused.iter().all(names_the_file), "{refused:?}");
    let lost = f.store.lost().to_string();
    assert!(lost.contains("symbolon.db"), "{lost}");
    other.batch_execute("ROLLBACK").unwrap();
    assert!(add("a").is_ok());
}

#[test]
fn a_full_sqlite_file_is_unavailable_and_loses_nothing_that_was_acknowledged() {
    let f = &Fixture::sqlite();
    let session = f.session("ann").id;
    let limit = |pages: &str| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        f.store
            .write(move |c| Ok(c.batch_execute(&pragma)?))
            .unwrap();
    };
    // Each needs pages of its own, so that none fits into a full file.
    let large = |name: String| User {
        claims: "x".repeat(20_000),
        ..user(&name)
    };
    // As few as there are.
    limit("1");
    let mut added = 1;
    let full = loop {
        let user = large(format!("user{added}"));
        match f.store.write(move |c| store::users::add(c, &user)) {
            Ok(_) => added += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&full, StoreError::Unavailable(_)), "{full}");
    // Readers are not affected.
    thread::scope(|scope| {
        for n in 0..8 {
            scope.spawn(move || {
                let user = large(format!("late{n}"));
                assert!(f.store.write(move |c| store::users::add(c, &user)).is_err());
            });
        }
        assert!(f.find(session).is_some());
    });
    limit("1000000");
    f.renew(session, 0, START);
    f.add_user("late");
    let users = f
        .store
        .read(|c| store::users::list(c, None, None, 1000))
        .unwrap();
    assert_eq!(users.len(), added + 1);
}

#[test]
fn postgres_that_comes_back_is_used_again() {
    let Some(f) = Fixture::postgres() else { return };
    f.add_user("ann");
    let mut failed = false;
    for _ in 0..3 {
        f.disconnect();
        // A connection that the pool was opening meanwhile may have survived.
        failed |= f.store.read(migrations::are_complete).is_err();
        // Readiness asks only this; lost connections must not be used again and again.
        let answers =
            (0..OPTIONS.connections + 1).any(|_| f.store.read(migrations::are_complete).is_ok());
        assert!(answers);
    }
    assert!(failed);
    assert_eq!(
        f.store
            .read(|c| store::users::list(c, None, None, 10))
            .unwrap()
            .len(),
        1
    );
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[test]
fn sqlite_syncs_at_each_commit_and_its_readers_cannot_write() {
    let f = Fixture::sqlite();
    let number = |c: &mut AnyConnection, sql: &str| -> Result<i64, StoreError> {
        Ok(sql_query(sql).get_result::<Number>(c)?.n)
    };
    let full = 2;
    let synchronous = move |c: &mut _| number(c, "SELECT synchronous AS n FROM pragma_synchronous");
    assert_eq!(f.store.write(synchronous).unwrap(), full);
    let mode = |c: &mut AnyConnection| {
        let sql = "SELECT journal_mode AS word FROM pragma_journal_mode";
        Ok(sql_query(sql).get_result::<Word>(c)?.word)
    };
    assert_eq!(f.store.write(mode).unwrap(), "wal");
    let write = f.store.read(|c| Ok(c.batch_execute("DELETE FROM users")?));
    assert!(matches!(write, Err(StoreError::Unavailable(why)) if why.contains("readonly")));
}

#[test]
fn sqlite_in_a_directory_that_is_not_there_is_unavailable() {
    let url = DatabaseUrl::sqlite("/nowhere/symbolon.db");
    let error = migrations::run(&url, &OPTIONS).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unavailable(why) if why.contains("/nowhere")),
        "{error}"
    );
}

#[test]
fn postgres_that_is_away_is_unavailable() {
    let url = DatabaseUrl::parse("postgres://symbolon@/none?host=/nowhere").unwrap();
    assert!(matches!(
        migrations::run(&url, &OPTIONS),
        Err(StoreError::Unavailable(_))
    ));
}

#[test]
fn postgres_prepares_the_renewal_once_and_updates_in_place() {
    let Some(f) = Fixture::postgres() else { return };
    let store = Store::open(
        &f.url,
        StoreOptions {
            connections: 1,
            ..OPTIONS
        },
    )
    .unwrap();
    let ids = ["ann", "bob", "eve"].map(|name| f.session(name).id);
    // One alone, and all together.
    for generation in 0..10 {
        let at = START + crate::GRACE * generation;
        let renewed = if generation < 5 { &ids[..1] } else { &ids };
        let renewed = renewed.iter().map(|id| (*id, presented(generation)));
        let renewed: BTreeMap<_, _> = renewed.collect();
        let renew = move |c: &mut _| store::sessions::renew(c, &renewed, at, &RULES);
        let renewals = store.write(renew).unwrap();
        let changed = |renewal: &Result<_, _>| {
            matches!(renewal, Ok(Renewal::Rotated(_) | Renewal::Recovered(_)))
        };
        assert!(renewals.values().all(changed), "{renewals:?}");
    }

    let prepared = store.read(|c| {
        let sql = "SELECT count(*) AS n FROM pg_prepared_statements \
                   WHERE statement LIKE '%UPDATE sessions%'";
        Ok(sql_query(sql).get_result::<Number>(c)?.n)
    });
    assert_eq!(prepared.unwrap(), 2);
    let in_place = store.read(|c| {
        c.batch_execute("SELECT pg_stat_force_next_flush()")?;
        let sql = "SELECT n_tup_hot_upd AS n FROM pg_stat_user_tables WHERE relname = 'sessions'";
        Ok(sql_query(sql).get_result::<Number>(c)?.n)
    });
    assert_eq!(in_place.unwrap(), 5 + 3 * 5);
}

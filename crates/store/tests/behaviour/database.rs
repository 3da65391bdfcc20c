//! Migrations, transactions, and what each back end is set up to do.

use std::thread;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use store::{AnyConnection, DatabaseUrl, Store, StoreError, StoreOptions, migrations};

use crate::{Fixture, RULES, START, on_both_back_ends, user};

on_both_back_ends! {
    migrations_run_once
    a_failed_transaction_changes_nothing
    a_failed_write_harms_no_other
    a_panic_harms_no_later_write
}

fn migrations_run_once(f: &Fixture) {
    assert!(f.store.read(migrations::are_complete).unwrap());
    let again: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| migrations::run(&f.url)))
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().unwrap().unwrap())
            .collect()
    });
    assert!(again.iter().all(Vec::is_empty), "{again:?}");
}

fn a_failed_transaction_changes_nothing(f: &Fixture) {
    let result: Result<(), _> = f.store.transaction(|c| {
        store::users::add(c, &user("ann"))?;
        Err(StoreError::Unreadable("test"))
    });
    assert!(result.is_err());
    let users = f.store.read(|c| store::users::list(c, None, 10)).unwrap();
    assert!(users.is_empty());
}

fn a_failed_write_harms_no_other(f: &Fixture) {
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
    let users = f.store.read(|c| store::users::list(c, None, 100)).unwrap();
    assert_eq!(users.len(), 10);
}

fn a_panic_harms_no_later_write(f: &Fixture) {
    let _ = thread::scope(|scope| {
        scope
            .spawn(|| f.store.write::<()>(|_| panic!("on purpose")))
            .join()
            .map_err(drop)
    });
    f.add_user("ann");
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
fn sqlite_does_not_open_a_file_that_is_not_there_to_be_made() {
    let url = DatabaseUrl::sqlite("/nowhere/symbolon.db");
    let error = migrations::run(&url).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unavailable(why) if why.contains("/nowhere")),
        "{error}"
    );
}

#[test]
fn postgres_that_is_away_is_unavailable() {
    let url = DatabaseUrl::parse("postgres://symbolon@/none?host=/nowhere").unwrap();
    assert!(matches!(
        migrations::run(&url),
        Err(StoreError::Unavailable(_))
    ));
}

#[test]
fn postgres_prepares_the_renewal_once_and_updates_in_place() {
    let Some(f) = Fixture::postgres() else { return };
    let store = Store::open(&f.url, StoreOptions { connections: 1 }).unwrap();
    let id = f.session("ann").id;
    for generation in 0..10 {
        let at = START + crate::GRACE * generation;
        let presented = store::sessions::Generation::new(generation);
        store
            .write(move |c| store::sessions::renew(c, id, presented, at, &RULES))
            .unwrap();
    }

    let prepared = store.read(|c| {
        let sql = "SELECT count(*) AS n FROM pg_prepared_statements \
                   WHERE statement LIKE '%UPDATE sessions%'";
        Ok(sql_query(sql).get_result::<Number>(c)?.n)
    });
    assert_eq!(prepared.unwrap(), 1);
    let in_place = store.read(|c| {
        c.batch_execute("SELECT pg_stat_force_next_flush()")?;
        let sql = "SELECT n_tup_hot_upd AS n FROM pg_stat_user_tables WHERE relname = 'sessions'";
        Ok(sql_query(sql).get_result::<Number>(c)?.n)
    });
    assert_eq!(in_place.unwrap(), 10);
}

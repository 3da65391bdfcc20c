//! Concurrent callers.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use store::sessions::{self, Renewal, RenewalRules};
use store::user_changes::{self, UserChanges};
use store::{Actor, StoreError};

use crate::{Fixture, RULES, SECOND, START, new_session, on_both_back_ends, presented};

on_both_back_ends! {
    of_many_renewals_at_once_one_rotates
    without_a_grace_one_of_two_overlapping_renewals_succeeds
    many_sessions_renew_at_once
}

fn of_many_renewals_at_once_one_rotates(f: &Fixture) {
    let id = f.session("ann").id;
    let renewals: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| f.renew(id, 0, START)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });

    let rotated = renewals
        .iter()
        .filter(|r| matches!(r, Renewal::Rotated(_)))
        .count();
    let replayed = renewals
        .iter()
        .filter(|r| matches!(r, Renewal::Replayed(_)))
        .count();
    assert_eq!((rotated, replayed), (1, 15));
    assert_eq!(f.find(id).unwrap().generation.get(), 1);
}

/// Each replica reads its own clock before its statement gets the row.
fn without_a_grace_one_of_two_overlapping_renewals_succeeds(f: &Fixture) {
    let strict = RenewalRules {
        grace: Duration::ZERO,
        late_replay_every: Duration::ZERO,
        ..RULES
    };
    for round in 0..100 {
        let id = f.session(&format!("user{round}")).id;
        let started = Barrier::new(2);
        let renewals: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = [START, START + SECOND]
                .into_iter()
                .map(|clock| {
                    let started = &started;
                    scope.spawn(move || {
                        started.wait();
                        f.renew_by(id, 0, clock, strict)
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let count = |wanted: fn(&Renewal) -> bool| renewals.iter().filter(|r| wanted(r)).count();
        assert_eq!(
            count(|r| matches!(r, Renewal::Rotated(_))),
            1,
            "{renewals:?}"
        );
        assert_eq!(
            count(|r| matches!(r, Renewal::Reused(_))),
            1,
            "{renewals:?}"
        );
    }
}

fn many_sessions_renew_at_once(f: &Fixture) {
    let ids: Vec<_> = (0..16).map(|n| f.session(&format!("user{n}")).id).collect();
    thread::scope(|scope| {
        for &id in &ids {
            scope.spawn(move || {
                for generation in 0..20 {
                    let at = START + crate::GRACE * generation;
                    let renewal = f.renew(id, generation, at);
                    assert!(matches!(renewal, Renewal::Rotated(_)), "{renewal:?}");
                }
            });
        }
    });
    for id in ids {
        assert_eq!(f.find(id).unwrap().generation.get(), 20);
    }
}

/// Renewals of many, as one replica makes them, while others copy claims into the same sessions.
#[test]
fn changes_of_many_sessions_do_not_deadlock() {
    let Some(f) = &Fixture::postgres() else {
        return;
    };
    let user = &f.add_user("ann").id;
    // The newest ids first, so that the rows are not in the order of the ids.
    let open = |n: u8| {
        let new = new_session(user.clone(), &(99 - n).to_string());
        let id = new.id;
        let issue = move |c: &mut _| sessions::issue(c, &new, &|| START);
        f.store.transaction(issue).unwrap();
        id
    };
    let ids: Vec<_> = (0..16).map(open).collect();
    let is_over = &AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0.. {
                    if is_over.load(Ordering::SeqCst) {
                        break;
                    }
                    let (id, claims) = (user.clone(), format!(r#"{{"n":{n}}}"#));
                    let set = move |c: &mut _| {
                        let claims = Some(claims.clone());
                        let changes = UserChanges {
                            claims,
                            ..UserChanges::default()
                        };
                        user_changes::update(c, &id, &changes, &Actor::System, &|| START)
                    };
                    f.store.transaction(set).unwrap();
                }
            });
        }
        for generation in 0..200 {
            let together = ids.iter().map(|id| (*id, presented(generation))).collect();
            let at = START + crate::GRACE * generation;
            let renew = move |c: &mut _| sessions::renew(c, &together, at, &RULES);
            let renewals = f.store.write(renew).unwrap();
            let rotated = |r: &Result<_, _>| matches!(r, Ok(Renewal::Rotated(_)));
            assert!(renewals.values().all(rotated), "{renewals:?}");
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let deadlocks = f.store.read(|c| {
        diesel::sql_query(
            "SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()",
        )
        .get_result::<Number>(c)
        .map_err(StoreError::from)
    });
    assert_eq!(deadlocks.unwrap().n, 0);
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

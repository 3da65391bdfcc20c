//! Concurrent callers.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use store::sessions::{Renewal, RenewalRules};

use crate::{Fixture, RULES, SECOND, START, on_both_back_ends};

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

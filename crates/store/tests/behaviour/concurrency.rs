//! Concurrent callers.

use std::thread;

use store::sessions::{Generation, Renewal};

use crate::{Fixture, START, on_both_back_ends};

on_both_back_ends! {
    of_many_renewals_at_once_one_rotates
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
    assert_eq!(f.find(id).unwrap().generation, Generation::new(1));
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
        assert_eq!(f.find(id).unwrap().generation, Generation::new(20));
    }
}

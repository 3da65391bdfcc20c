use std::thread;

use store::UnixMillis;
use store::attempts::{self, Allowance, Attempt, Target};

use crate::{DAY, Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    no_more_than_the_allowance_and_it_comes_back_with_time
    a_clock_that_was_ahead_costs_a_bounded_wait
    targets_are_counted_apart_and_forgotten_alone
    of_many_at_once_no_more_than_the_allowance
    rows_whose_allowance_is_restored_are_deleted
}

/// Five at once, and one more each twelve seconds.
const ALLOWANCE: Allowance = Allowance {
    attempts: 5,
    within: SECOND.saturating_mul(60),
};

fn count(f: &Fixture, target: u8, at: UnixMillis) -> Attempt {
    let count = move |c: &mut _| attempts::count(c, Target([target; 32]), ALLOWANCE, at);
    f.store.write(count).unwrap()
}

fn no_more_than_the_allowance_and_it_comes_back_with_time(f: &Fixture) {
    for _ in 0..5 {
        assert_eq!(count(f, 1, START), Attempt::Allowed);
    }
    let after = |seconds: u32| Attempt::Exhausted {
        wait: SECOND * seconds,
    };
    assert_eq!(count(f, 1, START), after(12));
    assert_eq!(count(f, 1, START + 4 * SECOND), after(8));
    assert_eq!(count(f, 1, START + 12 * SECOND), Attempt::Allowed);
    assert_eq!(count(f, 1, START + 12 * SECOND), after(12));
    let later = START + 100 * SECOND;
    for _ in 0..5 {
        assert_eq!(count(f, 1, later), Attempt::Allowed);
    }
    assert_eq!(count(f, 1, later), after(12));
}

/// The allowance was used up by a clock that was a day ahead, and then corrected.
fn a_clock_that_was_ahead_costs_a_bounded_wait(f: &Fixture) {
    for _ in 0..5 {
        assert_eq!(count(f, 1, START + DAY), Attempt::Allowed);
    }
    let wait = 12 * SECOND;
    assert_eq!(count(f, 1, START), Attempt::Exhausted { wait });
    assert_eq!(count(f, 1, START + wait), Attempt::Allowed);
    assert_eq!(count(f, 1, START + wait), Attempt::Exhausted { wait });
    assert_eq!(count(f, 1, START + 2 * wait), Attempt::Allowed);
}

fn targets_are_counted_apart_and_forgotten_alone(f: &Fixture) {
    for _ in 0..5 {
        assert_eq!(count(f, 1, START), Attempt::Allowed);
        assert_eq!(count(f, 2, START), Attempt::Allowed);
    }
    let forget = |c: &mut _| attempts::forget(c, Target([1; 32]));
    f.store.write(forget).unwrap();
    assert_eq!(count(f, 1, START), Attempt::Allowed);
    assert_ne!(count(f, 2, START), Attempt::Allowed);
}

fn of_many_at_once_no_more_than_the_allowance(f: &Fixture) {
    let allowed: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let attempts = (0..5).map(|_| count(f, 3, START));
                    attempts.filter(|a| *a == Attempt::Allowed).count()
                })
            })
            .collect();
        let counts = threads.into_iter().map(|thread| thread.join().unwrap());
        counts.sum()
    });
    assert_eq!(allowed, 5);
}

fn rows_whose_allowance_is_restored_are_deleted(f: &Fixture) {
    for target in 1..=3 {
        count(f, target, START);
    }
    count(f, 4, START + 60 * SECOND);
    let delete = |at, limit| {
        let delete = move |c: &mut _| attempts::delete_restored(c, at, limit);
        f.store.write(delete).unwrap()
    };
    assert_eq!(delete(START, 10), 0);
    assert_eq!(delete(START + 30 * SECOND, 2), 2);
    assert_eq!(delete(START + 30 * SECOND, 2), 1);
}

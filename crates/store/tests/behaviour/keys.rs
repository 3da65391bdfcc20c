use std::thread;

use store::UnixMillis;
use store::keys::{self, KeyUse, WrappedKey};

use crate::{DAY, Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    of_several_first_keys_one_wins
    a_successor_comes_once_and_retires_the_one_before
    of_several_rotations_at_once_one_wins
    an_emergency_ends_all_others_of_the_use
    a_key_that_verifies_is_no_part_of_the_succession
    a_key_is_deleted_after_it_stopped_verifying
    the_last_refresh_expiry_is_that_of_the_longest_session
}

fn key(id: &str, key_use: KeyUse, signs_from: UnixMillis) -> WrappedKey {
    WrappedKey {
        id: id.into(),
        key_use,
        algorithm: "HS512".into(),
        wrapped: vec![0, 159, 146, 150],
        created_at: START,
        signs_from: Some(signs_from),
        verifies_until: None,
    }
}

fn add_first(f: &Fixture, key: &WrappedKey) -> bool {
    let key = key.clone();
    f.store.write(move |c| keys::add_first(c, &key)).unwrap()
}

fn add_successor(f: &Fixture, key: &WrappedKey, of: &'static str, until: UnixMillis) -> bool {
    let key = key.clone();
    let add = move |c: &mut _| keys::add_successor(c, &key, of, until);
    f.store.transaction(add).unwrap()
}

fn list(f: &Fixture) -> Vec<WrappedKey> {
    f.store.read(keys::list).unwrap()
}

fn of_several_first_keys_one_wins(f: &Fixture) {
    let a1 = key("a1", KeyUse::Access, START);
    let r1 = key("r1", KeyUse::Refresh, START);

    assert!(!f.store.read(keys::exist).unwrap());
    assert!(add_first(f, &a1));
    assert!(!add_first(f, &key("a2", KeyUse::Access, START)));
    assert!(add_first(f, &r1));
    assert!(f.store.read(keys::exist).unwrap());
    assert_eq!(list(f), [a1, r1]);
}

fn a_successor_comes_once_and_retires_the_one_before(f: &Fixture) {
    let first = key("a1", KeyUse::Access, START);
    let second = key("a2", KeyUse::Access, START + DAY);
    let until = START + 2 * DAY;
    add_first(f, &first);

    assert!(add_successor(f, &second, "a1", until));
    assert!(!add_successor(
        f,
        &key("a3", KeyUse::Access, START + DAY),
        "a1",
        START
    ));

    let newest = |c: &mut _| keys::newest(c, KeyUse::Access);
    assert_eq!(f.store.read(newest).unwrap(), Some(second.clone()));
    let retired = WrappedKey {
        verifies_until: Some(until),
        ..first
    };
    assert!(retired.verifies(until - SECOND) && !retired.verifies(until));
    assert_eq!(list(f), [retired, second]);
}

fn of_several_rotations_at_once_one_wins(f: &Fixture) {
    add_first(f, &key("a0", KeyUse::Access, START));
    let won = thread::scope(|scope| {
        let rotations: Vec<_> = (1..9)
            .map(|n| {
                let key = key(&format!("a{n}"), KeyUse::Access, START + DAY);
                scope.spawn(move || add_successor(f, &key, "a0", START + DAY))
            })
            .collect();
        let won = rotations
            .into_iter()
            .map(|rotation| rotation.join().unwrap());
        won.filter(|won| *won).count()
    });
    assert_eq!((won, list(f).len()), (1, 2));
}

fn an_emergency_ends_all_others_of_the_use(f: &Fixture) {
    add_first(f, &key("a1", KeyUse::Access, START));
    add_first(f, &key("r1", KeyUse::Refresh, START));
    add_successor(
        f,
        &key("a2", KeyUse::Access, START + DAY),
        "a1",
        START + 2 * DAY,
    );
    let now = START + SECOND;
    let end = move |c: &mut _| keys::end_others(c, KeyUse::Access, "a2", now);
    assert_eq!(f.store.write(end).unwrap(), 1);
    let good: Vec<_> = list(f)
        .into_iter()
        .filter(|key| key.verifies(now))
        .collect();
    let good: Vec<_> = good.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(good, ["r1", "a2"]);
    // What has ended stays ended.
    let later = move |c: &mut _| keys::end_others(c, KeyUse::Access, "a2", now + DAY);
    assert_eq!(f.store.write(later).unwrap(), 0);
}

fn a_key_that_verifies_is_no_part_of_the_succession(f: &Fixture) {
    let old = WrappedKey {
        signs_from: None,
        verifies_until: Some(START + DAY),
        ..key("old", KeyUse::Access, START)
    };
    let add = |key: WrappedKey| {
        f.store
            .write(move |c| keys::add_verifying(c, &key))
            .unwrap()
    };
    assert!(add(old.clone()));
    assert!(!add(old.clone()));
    assert!(add(WrappedKey {
        id: "older".into(),
        ..old.clone()
    }));
    let first = key("a1", KeyUse::Access, START);
    assert!(add_first(f, &first));
    let newest = |c: &mut _| keys::newest(c, KeyUse::Access);
    assert_eq!(f.store.read(newest).unwrap(), Some(first));
}

fn a_key_is_deleted_after_it_stopped_verifying(f: &Fixture) {
    add_first(f, &key("a1", KeyUse::Access, START));
    add_successor(f, &key("a2", KeyUse::Access, START), "a1", START + DAY);
    let delete = |at| f.store.write(move |c| keys::delete_gone(c, at)).unwrap();
    assert_eq!(delete(START + DAY), 0);
    assert_eq!(delete(START + DAY + SECOND), 1);
    assert_eq!(list(f), [key("a2", KeyUse::Access, START)]);
}

fn the_last_refresh_expiry_is_that_of_the_longest_session(f: &Fixture) {
    assert_eq!(f.store.read(keys::last_refresh_expiry).unwrap(), None);
    let session = f.session("ann");
    let last = f.store.read(keys::last_refresh_expiry).unwrap();
    assert_eq!(last, Some(session.expires_at));
}

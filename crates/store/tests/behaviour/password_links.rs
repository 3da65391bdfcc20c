use std::thread;

use store::Actor;
use store::password_links::{self, LinkHash};
use store::user_changes::{self, Change, UserChanges};
use store::users::{self, PasswordHash, UserId};

use crate::{Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    a_link_sets_a_password_once_and_revokes_the_sessions
    a_newer_link_replaces_an_earlier_one
    an_unknown_or_expired_link_changes_nothing
}

const ONE: LinkHash = LinkHash([1; 32]);
const TWO: LinkHash = LinkHash([2; 32]);

fn add(f: &Fixture, hash: LinkHash, user_id: &UserId) -> bool {
    let user_id = user_id.clone();
    let add = move |c: &mut _| password_links::add(c, hash, &user_id, START + 60 * SECOND);
    f.store.transaction(add).unwrap()
}

fn redeem(f: &Fixture, hash: LinkHash, seconds: u32) -> Change {
    let new = PasswordHash::new("new".into());
    let now = START + seconds * SECOND;
    let redeem = move |c: &mut _| user_changes::redeem_password_link(c, hash, &new, &|| now);
    f.store.transaction(redeem).unwrap()
}

fn set_disabled(f: &Fixture, id: &UserId, disabled: bool) {
    let id = id.clone();
    let changes = UserChanges {
        disabled: Some(disabled),
        ..UserChanges::default()
    };
    f.store
        .transaction(move |c| {
            user_changes::update(c, &id, &changes, &Actor::CommandLine, &|| START)
        })
        .unwrap();
}

fn a_link_sets_a_password_once_and_revokes_the_sessions(f: &Fixture) {
    let session = f.session("ann");
    assert!(add(f, ONE, &session.user_id));
    let found = |hash| {
        f.store
            .read(move |c| password_links::find(c, hash, START))
            .unwrap()
    };
    assert_eq!(found(ONE).unwrap().id, session.user_id);
    assert_eq!(found(TWO), None);
    let mut redeemed: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| redeem(f, ONE, 1))).collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results
            .filter(|change| *change != Change::NotFound)
            .collect()
    });
    let Some(Change::Made(revoked)) = redeemed.pop() else {
        panic!("none");
    };
    assert_eq!((revoked.sessions, redeemed), (vec![session.id], vec![]));
    let user = f.store.read(|c| users::find(c, &session.user_id)).unwrap();
    assert_eq!(user.unwrap().password.unwrap().expose(), "new");
}

fn a_newer_link_replaces_an_earlier_one(f: &Fixture) {
    let ann = f.add_user("ann").id;
    assert!(add(f, ONE, &ann) && add(f, TWO, &ann));
    assert_eq!(redeem(f, ONE, 1), Change::NotFound);
    assert!(matches!(redeem(f, TWO, 1), Change::Made(_)));
}

fn an_unknown_or_expired_link_changes_nothing(f: &Fixture) {
    assert!(!add(f, ONE, &UserId::parse("nobody").unwrap()));
    let ann = f.add_user("ann").id;
    assert!(add(f, ONE, &ann));
    assert_eq!(redeem(f, ONE, 60), Change::NotFound);
    set_disabled(f, &ann, true);
    assert_eq!(redeem(f, ONE, 1), Change::NotFound);
    assert!(!add(f, TWO, &ann));
    // A user who is enabled again needs another link.
    set_disabled(f, &ann, false);
    assert_eq!(redeem(f, ONE, 1), Change::NotFound);
    assert!(add(f, TWO, &ann));
    let delete = |seconds: u32| {
        let delete = move |c: &mut _| password_links::delete_expired(c, START + seconds * SECOND);
        f.store.write(delete).unwrap()
    };
    assert_eq!((delete(60), delete(61)), (0, 1));
}

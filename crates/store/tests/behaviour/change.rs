//! Changes to a user, and the sessions that they end.

use std::thread;

use store::sessions::{self, Opened, RevokedReason, SessionId};
use store::users::{self, Changed, PasswordHash, User};

use crate::{Fixture, START, new_session, on_both_back_ends};

on_both_back_ends! {
    a_new_password_ends_the_other_sessions
    a_password_that_is_no_longer_the_one_checked_stays
    disabling_ends_all_sessions_and_enabling_brings_none_back
    the_ended_sessions_of_a_deleted_user_stay
    no_session_is_open_after_a_change_that_ran_at_the_same_time
}

fn open(f: &Fixture, user: &User, seed: &str) -> Opened {
    let new = new_session(user.id.clone(), seed);
    let checked = user.password.clone().unwrap();
    f.store
        .transaction(move |c| sessions::sign_in(c, new, &checked))
        .unwrap()
}

fn open_id(f: &Fixture, user: &User, seed: &str) -> SessionId {
    match open(f, user, seed) {
        Opened::Session(session, _) => session.id,
        other => panic!("{other:?}"),
    }
}

fn reason(f: &Fixture, id: SessionId) -> Option<RevokedReason> {
    f.find(id).unwrap().revoked.map(|(_, reason)| reason)
}

fn new_hash() -> PasswordHash {
    PasswordHash::new("$argon2id$new".into())
}

fn a_new_password_ends_the_other_sessions(f: &Fixture) {
    let user = f.add_user("ann");
    let (here, there) = (open_id(f, &user, "here"), open_id(f, &user, "there"));
    let of_another = f.session("bob").id;
    let (id, checked) = (user.id.clone(), user.password.clone().unwrap());
    let changed = f
        .store
        .transaction(move |c| users::change_password(c, &id, &checked, &new_hash(), here, START));

    assert_eq!(changed.unwrap(), Changed::Changed(vec![there]));
    assert_eq!(reason(f, here), None);
    assert_eq!(reason(f, there), Some(RevokedReason::PasswordChanged));
    assert_eq!(reason(f, of_another), None);
    assert_eq!(open(f, &user, "again"), Opened::PasswordChanged);
}

fn a_password_that_is_no_longer_the_one_checked_stays(f: &Fixture) {
    let user = f.add_user("ann");
    let here = open_id(f, &user, "here");
    let id = user.id.clone();
    let changed = f.store.transaction(move |c| {
        users::change_password(
            c,
            &id,
            &PasswordHash::new("old".into()),
            &new_hash(),
            here,
            START,
        )
    });
    assert_eq!(changed.unwrap(), Changed::NotFound);
    let found = f.store.read(|c| users::find(c, &user.id)).unwrap();
    assert_eq!(found.unwrap().password, user.password);
}

fn disabling_ends_all_sessions_and_enabling_brings_none_back(f: &Fixture) {
    let user = f.add_user("ann");
    let session = open_id(f, &user, "here");
    let id = user.id.clone();
    let disable = move |c: &mut _| users::disable(c, &id, START);
    let disabled = f.store.transaction(disable.clone()).unwrap();
    assert_eq!(disabled, Changed::Changed(vec![session]));
    assert_eq!(f.store.transaction(disable).unwrap(), Changed::NotFound);
    assert_eq!(reason(f, session), Some(RevokedReason::UserDisabled));
    assert_eq!(open(f, &user, "refused"), Opened::UserDisabled);

    let id = user.id.clone();
    let enable = move |c: &mut _| users::enable(c, &id);
    let enabled = f.store.write(enable.clone()).unwrap();
    assert_eq!(enabled, Changed::Changed(vec![]));
    assert_eq!(f.store.write(enable).unwrap(), Changed::NotFound);
    assert_eq!(reason(f, session), Some(RevokedReason::UserDisabled));
    assert!(matches!(open(f, &user, "again"), Opened::Session(..)));
}

fn the_ended_sessions_of_a_deleted_user_stay(f: &Fixture) {
    let user = f.add_user("ann");
    let session = open_id(f, &user, "here");
    let id = user.id.clone();
    let delete = move |c: &mut _| users::delete(c, &id, START);
    let deleted = f.store.transaction(delete.clone()).unwrap();
    assert_eq!(deleted, Changed::Changed(vec![session]));
    assert_eq!(f.store.transaction(delete).unwrap(), Changed::NotFound);
    assert_eq!(reason(f, session), Some(RevokedReason::UserDisabled));
    let told = f
        .store
        .read(|c| sessions::revoked_since(c, START, None, 9))
        .unwrap();
    assert_eq!(told.len(), 1);
}

/// A change and four sign-ins that were checked before it, at once and many times over: either
/// the sign-in came first and the change ended it, or it was refused.
fn no_session_is_open_after_a_change_that_ran_at_the_same_time(f: &Fixture) {
    for round in 0..30 {
        let user = f.add_user(&format!("user{round}"));
        let outside = f.session(&format!("other{round}")).id;
        thread::scope(|scope| {
            for n in 0..4 {
                let user = &user;
                scope.spawn(move || open(f, user, &format!("{round}-{n}")));
            }
            let (id, checked) = (user.id.clone(), user.password.clone().unwrap());
            scope.spawn(move || {
                let change = f.store.transaction(move |c| match round % 3 {
                    0 => users::disable(c, &id, START),
                    1 => users::delete(c, &id, START),
                    _ => users::change_password(c, &id, &checked, &new_hash(), outside, START),
                });
                assert!(matches!(change.unwrap(), Changed::Changed(_)));
            });
        });
        let open = f
            .store
            .read(|c| sessions::list(c, Some(&user.id), None, 10, START))
            .unwrap();
        assert_eq!(open, [], "round {round}");
    }
}

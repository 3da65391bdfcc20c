//! Changes to a user, and the sessions that they revoke.

use std::thread;

use store::Actor;
use store::sessions::{self, Opened, RevokedReason, SessionId};
use store::user_changes::{self, Change, Update, UserChanges};
use store::users::{self, PasswordHash, User};

use crate::{Fixture, START, new_session, on_both_back_ends};

on_both_back_ends! {
    a_new_password_revokes_the_other_sessions
    a_password_that_is_no_longer_the_one_checked_stays
    disabling_revokes_all_sessions_and_enabling_restores_none
    the_revoked_sessions_of_a_deleted_user_stay
    an_update_is_all_or_nothing
    no_session_is_open_after_a_change_that_ran_at_the_same_time
    of_two_changes_of_claims_the_last_is_the_later_whatever_the_clocks_say
}

fn open(f: &Fixture, user: &User, seed: &str) -> Opened {
    let new = new_session(user.id.clone(), seed);
    let checked = user.password.clone().unwrap();
    f.store
        .transaction(move |c| sessions::sign_in(c, &new, &checked, &|| START))
        .unwrap()
}

fn open_id(f: &Fixture, user: &User, seed: &str) -> SessionId {
    match open(f, user, seed) {
        Opened::Session(session, _) => session.id,
        other => panic!("{other:?}"),
    }
}

fn reason(f: &Fixture, id: SessionId) -> Option<RevokedReason> {
    f.find(id)
        .unwrap()
        .revoked
        .map(|revocation| revocation.reason)
}

/// The sessions that a change revoked.
fn revoked(change: Change) -> Vec<SessionId> {
    match change {
        Change::Made(revoked) => revoked.sessions,
        Change::NotFound => panic!("not found"),
    }
}

/// Disables or enables a user, and returns the sessions that were revoked.
fn set_disabled(f: &Fixture, user: &User, disabled: bool) -> Vec<SessionId> {
    let id = user.id.clone();
    let changes = UserChanges {
        email_verified: None,
        locale: None,
        disabled: Some(disabled),
        ..UserChanges::default()
    };
    let update =
        move |c: &mut _| user_changes::update(c, &id, &changes, &Actor::CommandLine, &|| START);
    match f.store.transaction(update).unwrap() {
        Update::Made(updated) => {
            assert_eq!(updated.user.disabled_at.is_some(), disabled);
            updated
                .revoked
                .map_or_else(Vec::new, |revoked| revoked.sessions)
        }
        other => panic!("{other:?}"),
    }
}

fn new_hash() -> PasswordHash {
    PasswordHash::new("$argon2id$new".into())
}

fn a_new_password_revokes_the_other_sessions(f: &Fixture) {
    let user = f.add_user("ann");
    let (here, there) = (open_id(f, &user, "here"), open_id(f, &user, "there"));
    let of_another = f.session("bob").id;
    let (id, checked) = (user.id.clone(), user.password.clone().unwrap());
    let changed = f.store.transaction(move |c| {
        user_changes::change_password(c, &id, &checked, &new_hash(), here, &|| START)
    });

    assert_eq!(revoked(changed.unwrap()), [there]);
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
        user_changes::change_password(
            c,
            &id,
            &PasswordHash::new("old".into()),
            &new_hash(),
            here,
            &|| START,
        )
    });
    assert_eq!(changed.unwrap(), Change::NotFound);
    let found = f.store.read(|c| users::find(c, &user.id)).unwrap();
    assert_eq!(found.unwrap().password, user.password);
}

fn disabling_revokes_all_sessions_and_enabling_restores_none(f: &Fixture) {
    let user = f.add_user("ann");
    let session = open_id(f, &user, "here");
    assert_eq!(set_disabled(f, &user, true), [session]);
    assert_eq!(set_disabled(f, &user, true), []);
    let revocation = f.find(session).unwrap().revoked.unwrap();
    assert_eq!(revocation.reason, RevokedReason::UserDisabled);
    assert_eq!(revocation.by, Some(Actor::CommandLine));
    assert_eq!(open(f, &user, "refused"), Opened::UserDisabled);

    assert_eq!(set_disabled(f, &user, false), []);
    assert_eq!(reason(f, session), Some(RevokedReason::UserDisabled));
    assert!(matches!(open(f, &user, "again"), Opened::Session(..)));
}

fn an_update_is_all_or_nothing(f: &Fixture) {
    let user = f.add_user("ann");
    f.add_user("bob");
    let session = open_id(f, &user, "here");
    let id = user.id.clone();
    let changes = UserChanges {
        email_verified: None,
        locale: None,
        name: Some("Ann Lee".into()),
        email: Some("BOB@example.org".into()),
        claims: Some("{}".into()),
        disabled: Some(true),
    };
    let update =
        move |c: &mut _| user_changes::update(c, &id, &changes, &Actor::CommandLine, &|| START);
    assert_eq!(f.store.transaction(update).unwrap(), Update::EmailTaken);
    let found = f.store.read(|c| users::find(c, &user.id)).unwrap();
    assert_eq!(found, Some(user));
    assert_eq!(reason(f, session), None);
}

fn the_revoked_sessions_of_a_deleted_user_stay(f: &Fixture) {
    let user = f.add_user("ann");
    let session = open_id(f, &user, "here");
    let id = user.id.clone();
    let delete = move |c: &mut _| user_changes::delete(c, &id, &Actor::CommandLine, &|| START);
    let deleted = f.store.transaction(delete.clone()).unwrap();
    assert_eq!(revoked(deleted), [session]);
    assert_eq!(f.store.transaction(delete).unwrap(), Change::NotFound);
    assert_eq!(reason(f, session), Some(RevokedReason::UserDeleted));
    let listed = f
        .store
        .read(|c| sessions::revoked_since(c, START, None, 9))
        .unwrap();
    assert_eq!(listed.len(), 1);
}

/// A change and four sign-ins that were checked before it, at once and many times over: either
/// the sign-in came first and the change revoked its session, or it was refused.
fn no_session_is_open_after_a_change_that_ran_at_the_same_time(f: &Fixture) {
    for round in 0..30 {
        let user = f.add_user(&format!("user{round}"));
        let outside = f.session(&format!("other{round}")).id;
        thread::scope(|scope| {
            for n in 0..4 {
                let user = &user;
                scope.spawn(move || open(f, user, &format!("{round}-{n}")));
            }
            let user = &user;
            let (id, checked) = (user.id.clone(), user.password.clone().unwrap());
            scope.spawn(move || {
                if round % 3 == 0 {
                    set_disabled(f, user, true);
                    return;
                }
                let change = f.store.transaction(move |c| match round % 3 {
                    1 => user_changes::delete(c, &id, &Actor::CommandLine, &|| START),
                    _ => user_changes::change_password(
                        c,
                        &id,
                        &checked,
                        &new_hash(),
                        outside,
                        &|| START,
                    ),
                });
                assert!(matches!(change.unwrap(), Change::Made { .. }));
            });
        });
        let open = f
            .store
            .read(|c| sessions::list(c, Some(&user.id), None, 10, START))
            .unwrap();
        assert_eq!(open, [], "round {round}");
    }
}

fn of_two_changes_of_claims_the_last_is_the_later_whatever_the_clocks_say(f: &Fixture) {
    let ann = f.add_user("ann");
    for (claims, at) in [(r#"{"role":"a"}"#, START + crate::SECOND), ("{}", START)] {
        let (id, by) = (ann.id.clone(), Actor::CommandLine);
        let changes = UserChanges {
            email_verified: None,
            locale: None,
            claims: Some(claims.to_owned()),
            ..UserChanges::default()
        };
        let update = move |c: &mut _| user_changes::update(c, &id, &changes, &by, &|| at);
        f.store.transaction(update).unwrap();
    }
    let changes = f.store.read(|c| store::claim_changes::since(c, START));
    let [change] = &changes.unwrap()[..] else {
        panic!("one for each user");
    };
    assert_eq!(change.claims, "{}");
    assert!(change.at > START + crate::SECOND);
}

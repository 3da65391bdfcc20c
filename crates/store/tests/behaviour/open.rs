use std::num::NonZeroU32;

use store::Actor;
use store::sessions::{
    self, Generation, NewSession, Opened, Revocation, Revoked, RevokedReason, SessionId,
};
use store::users::PasswordHash;

use crate::{DAY, Fixture, SECOND, START, new_session, on_both_back_ends};

on_both_back_ends! {
    a_new_session_is_as_it_was_asked_for
    a_session_is_refused_when_the_password_is_no_longer_the_one_checked
    a_session_is_refused_for_a_disabled_or_unknown_user
    forced_renewal_revokes_all_other_sessions
    a_new_session_replaces_those_that_were_presented
    the_limit_ends_the_session_that_was_opened_first_whatever_the_clock_said
}

fn a_new_session_is_as_it_was_asked_for(f: &Fixture) {
    let user = f.add_user("ann");
    let new = new_session(user.id.clone(), "s");
    let asked = new.clone();
    let opened = f
        .store
        .transaction(move |c| sessions::issue(c, &new, &|| START))
        .unwrap();

    let Opened::Session(session, _) = opened else {
        panic!("{opened:?}");
    };
    assert_eq!(session.id, asked.id);
    assert_eq!(session.user_id, user.id);
    assert_eq!(session.generation, Generation::FIRST);
    assert_eq!(session.created_at, START);
    assert_eq!(session.auth_time, START);
    assert_eq!(session.rotated_at, None);
    assert_eq!(session.idle_expires_at, asked.idle_expires_at);
    assert_eq!(session.expires_at, asked.expires_at);
    assert_eq!(session.revoked, None);
    assert_eq!(session.amr, ["pwd"]);
    assert_eq!(session.client_id, asked.client_id);
    assert_eq!(session.claims, user.claims);
    assert_eq!(session.device, asked.device);
    assert_eq!(f.find(asked.id), Some(session));
}

fn a_session_is_refused_when_the_password_is_no_longer_the_one_checked(f: &Fixture) {
    let user = f.add_user("ann");
    let checked = user.password.clone().unwrap();
    let open = |seed: &str, checked: PasswordHash| {
        let new = new_session(user.id.clone(), seed);
        f.store
            .transaction(move |c| sessions::sign_in(c, &new, &checked, &|| START))
            .unwrap()
    };
    assert!(matches!(open("one", checked.clone()), Opened::Session(..)));
    f.execute("UPDATE users SET password = 'another'");
    assert_eq!(open("two", checked.clone()), Opened::PasswordChanged);
    f.execute("UPDATE users SET password = NULL");
    assert_eq!(open("three", checked), Opened::PasswordChanged);
}

fn a_session_is_refused_for_a_disabled_or_unknown_user(f: &Fixture) {
    let user = f.add_user("ann");
    let open = |seed: &str| {
        let new = new_session(user.id.clone(), seed);
        f.store
            .transaction(move |c| sessions::issue(c, &new, &|| START))
            .unwrap()
    };
    f.execute("UPDATE users SET disabled_at = 1");
    assert_eq!(open("one"), Opened::UserDisabled);
    f.execute("DELETE FROM users");
    assert_eq!(open("two"), Opened::UserUnknown);
}

fn forced_renewal_revokes_all_other_sessions(f: &Fixture) {
    let first = f.session("ann");
    let of_another = f.session("bob");
    let new = new_session(first.user_id.clone(), "again");
    let opened = f
        .store
        .transaction(move |c| sessions::renew_by_force(c, &new, &Actor::TrustedNetwork, &|| START))
        .unwrap();

    let revocation = Revocation::new(RevokedReason::ForcedRenewal, Actor::TrustedNetwork, START);
    let expected = Revoked {
        user_id: first.user_id,
        sessions: vec![first.id],
        revocation: revocation.clone(),
    };
    assert!(matches!(opened, Opened::Session(_, revoked) if revoked == [expected]));
    assert_eq!(f.find(first.id).unwrap().revoked, Some(revocation));
    assert_eq!(f.find(of_another.id).unwrap().revoked, None);
}

/// Of this user, of another one, and one that has ended.
fn a_new_session_replaces_those_that_were_presented(f: &Fixture) {
    let (own, other) = (f.session("ann"), f.session("bob"));
    let (ended, untouched) = (f.session("eve"), f.session("dan"));
    assert!(f.revoke(ended.id, RevokedReason::Logout, START));
    let new = sessions::NewSession {
        replaces: vec![own.id, ended.id, other.id],
        ..new_session(own.user_id.clone(), "new")
    };
    let now = START + crate::SECOND;
    let opened = f
        .store
        .transaction(move |c| sessions::issue(c, &new, &|| now))
        .unwrap();

    let Opened::Session(session, revoked) = opened else {
        panic!("{opened:?}");
    };
    let by = Actor::User(own.user_id.clone());
    let revocation = Revocation::new(RevokedReason::Replaced, by, now);
    let of = |session: &sessions::Session| Revoked {
        user_id: session.user_id.clone(),
        sessions: vec![session.id],
        revocation: revocation.clone(),
    };
    assert_eq!(revoked, [of(&own), of(&other)]);
    let found = |session: &sessions::Session| f.find(session.id).unwrap().revoked;
    assert_eq!(found(&own), Some(revocation.clone()));
    assert_eq!(found(&other), Some(revocation.clone()));
    assert_eq!(found(&ended).unwrap().reason, RevokedReason::Logout);
    assert_eq!((found(&untouched), found(&session)), (None, None));
}

fn the_limit_ends_the_session_that_was_opened_first_whatever_the_clock_said(f: &Fixture) {
    let user = f.add_user("ann");
    let open = |seed: &str, now| {
        let new = NewSession {
            id: SessionId::new(now, [seed.len() as u8; 10]),
            created_at: now,
            session_limit: NonZeroU32::new(2),
            ..new_session(user.id.clone(), seed)
        };
        let opened = f
            .store
            .transaction(move |c| sessions::issue(c, &new, &|| now));
        let Opened::Session(session, revoked) = opened.unwrap() else {
            panic!("no session");
        };
        let revoked = revoked.iter().flat_map(|revoked| revoked.sessions.clone());
        (session.id, revoked.collect::<Vec<_>>())
    };
    let (first, _) = open("a", START + DAY);
    let (second, none) = open("bb", START + DAY);
    assert_eq!(none, []);
    // The clock is set back.
    let (third, revoked) = open("ccc", START);
    assert_eq!(revoked, [first]);
    let (_, revoked) = open("dddd", START + SECOND);
    assert_eq!(revoked, [second]);
    let (_, revoked) = open("eeeee", START + SECOND);
    assert_eq!(revoked, [third]);
}

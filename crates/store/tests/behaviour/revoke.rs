use store::Actor;
use store::sessions::{self, Revocation, RevokedReason, SessionId};

use crate::{Fixture, SECOND, START, new_session, on_both_back_ends};

on_both_back_ends! {
    the_first_reason_stays
    revoking_what_is_not_there_is_no_error
    all_live_sessions_of_one_user_are_revoked
}

fn revoke(f: &Fixture, id: SessionId, reason: RevokedReason, after: u32) -> bool {
    let revocation = Revocation::new(reason, Actor::CommandLine, START + after * SECOND);
    f.store
        .write(move |c| sessions::revoke(c, id, &revocation))
        .unwrap()
}

fn the_first_reason_stays(f: &Fixture) {
    let id = f.session("ann").id;
    assert!(revoke(f, id, RevokedReason::Logout, 1));
    assert!(!revoke(f, id, RevokedReason::UserDisabled, 2));
    let first = Revocation::new(RevokedReason::Logout, Actor::CommandLine, START + SECOND);
    assert_eq!(f.find(id).unwrap().revoked, Some(first));
}

fn revoking_what_is_not_there_is_no_error(f: &Fixture) {
    let id = SessionId::new(START, [1; 10]);
    assert!(!revoke(f, id, RevokedReason::Logout, 1));
}

fn all_live_sessions_of_one_user_are_revoked(f: &Fixture) {
    let first = f.session("ann");
    let user_id = first.user_id.clone();
    let new = new_session(user_id.clone(), "second");
    f.store.transaction(|c| sessions::issue(c, new)).unwrap();
    let of_another = f.session("bob");

    let revocation = Revocation::new(RevokedReason::PasswordChanged, Actor::System, START);
    let revoked = f
        .store
        .transaction(move |c| sessions::revoke_all_of_user(c, &user_id, None, &revocation));

    assert_eq!(revoked.unwrap().len(), 2);
    let reason = f.find(first.id).unwrap().revoked.unwrap().reason;
    assert_eq!(reason, RevokedReason::PasswordChanged);
    assert_eq!(f.find(of_another.id).unwrap().revoked, None);
}

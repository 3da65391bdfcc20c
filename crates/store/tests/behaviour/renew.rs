//! The table in ARCHITECTURE "Sessions", row by row.

use std::collections::BTreeMap;

use store::sessions::{
    Generation, NotLive, Peek, Presented, Renewal, RenewalRules, Revocation, RevokedReason,
};
use store::{Actor, StoreError, UnixMillis, sessions};

use crate::{DAY, Fixture, GRACE, RULES, SECOND, START, on_both_back_ends, presented};

on_both_back_ends! {
    the_current_token_rotates
    a_rotated_token_is_debounced_inside_the_grace
    the_previous_token_is_replayed_inside_the_grace
    a_late_replay_is_forgiven_once_a_day
    a_late_replay_is_reuse_where_nothing_is_forgiven
    a_token_two_rotations_old_is_reuse_even_inside_the_grace
    without_a_grace_the_previous_token_is_late_at_once
    without_a_grace_no_rotation_is_recent
    the_largest_generation_is_none
    a_token_newer_than_the_row_recovers_it
    a_session_ends_when_it_is_idle
    a_session_ends_at_its_end_however_often_it_is_renewed
    a_revoked_session_says_why
    an_unknown_session_is_unknown
    a_peek_never_changes_anything
    an_unknown_stored_reason_still_revokes_the_session
    the_session_of_another_user_is_left_alone
    a_row_that_cannot_be_read_does_not_affect_the_others
}

fn the_session_of_another_user_is_left_alone(f: &Fixture) {
    let (ann, bob) = (f.session("ann"), f.session("bob"));
    let of = |session: &sessions::Session, user: &sessions::Session| {
        let named = Presented {
            user_id: Some(user.user_id.clone()),
            ..presented(0)
        };
        (session.id, named)
    };
    let together = BTreeMap::from([of(&ann, &ann), of(&bob, &ann)]);
    let renew = move |c: &mut _| sessions::renew(c, &together, START, &RULES);
    let renewals = f.store.write(renew).unwrap();
    assert!(matches!(renewals[&ann.id], Ok(Renewal::Rotated(_))));
    assert!(matches!(renewals[&bob.id], Ok(Renewal::OtherUser)));
    assert_eq!(f.find(bob.id), Some(bob.clone()));
    // Whatever became of it.
    f.revoke(bob.id, RevokedReason::Logout, START);
    let together = BTreeMap::from([of(&bob, &ann)]);
    let renew = move |c: &mut _| sessions::renew(c, &together, START, &RULES);
    let renewals = f.store.write(renew).unwrap();
    assert!(matches!(renewals[&bob.id], Ok(Renewal::OtherUser)));
}

fn a_row_that_cannot_be_read_does_not_affect_the_others(f: &Fixture) {
    let ids = ["ann", "bob", "eve"].map(|name| f.session(name).id);
    let unreadable = ids[1];
    // More than a generation holds.
    f.execute(&format!(
        "UPDATE sessions SET generation = 5000000000 WHERE id = '{unreadable}'"
    ));
    let together = ids.map(|id| (id, presented(0))).into();
    let renew = move |c: &mut _| sessions::renew(c, &together, START, &RULES);
    for (id, renewal) in f.store.write(renew).unwrap() {
        match renewal {
            Err(StoreError::Unreadable(_)) => assert_eq!(id, unreadable),
            Ok(Renewal::Rotated(_)) => assert_ne!(id, unreadable),
            other => panic!("{other:?}"),
        }
    }
}

fn the_current_token_rotates(f: &Fixture) {
    let session = f.session("ann");
    assert_eq!(session.generation, Generation::FIRST);

    let later = START + 100 * SECOND;
    let Renewal::Rotated(rotated) = f.renew(session.id, 0, later) else {
        panic!("not rotated");
    };

    assert_eq!(rotated.generation.get(), 1);
    assert_eq!(rotated.rotated_at, Some(later));
    assert_eq!(rotated.idle_expires_at, later + RULES.idle_ttl);
    assert_eq!(rotated.expires_at, session.expires_at);
    assert_eq!(rotated.claims, r#"{"role":"editor"}"#);
    assert_eq!(f.find(session.id), Some(rotated));
}

fn a_rotated_token_is_debounced_inside_the_grace(f: &Fixture) {
    let id = f.session("ann").id;
    f.renew(id, 0, START);
    let before = f.find(id).unwrap();

    let last_moment = START + GRACE - SECOND / 1000;
    assert_eq!(
        f.renew(id, 1, last_moment),
        Renewal::Debounced(before.clone())
    );
    assert_eq!(f.find(id), Some(before));

    assert!(matches!(f.renew(id, 1, START + GRACE), Renewal::Rotated(_)));
}

fn the_previous_token_is_replayed_inside_the_grace(f: &Fixture) {
    let id = f.session("ann").id;
    f.renew(id, 0, START);
    let before = f.find(id).unwrap();

    let last_moment = START + GRACE - SECOND / 1000;
    assert_eq!(
        f.renew(id, 0, last_moment),
        Renewal::Replayed(before.clone())
    );
    assert_eq!(f.find(id), Some(before));
}

fn a_late_replay_is_forgiven_once_a_day(f: &Fixture) {
    let id = f.session("ann").id;
    f.renew(id, 0, START);

    let first = START + GRACE;
    let Renewal::Forgiven(forgiven) = f.renew(id, 0, first) else {
        panic!("not forgiven");
    };
    assert_eq!(forgiven.generation.get(), 1);
    assert_eq!(forgiven.forgiven_at, Some(first));
    assert_eq!(forgiven.rotated_at, Some(START));

    assert!(matches!(f.renew(id, 0, first + DAY), Renewal::Forgiven(_)));
    let Renewal::Reused(ended) = f.renew(id, 0, first + 2 * DAY - SECOND / 1000) else {
        panic!("not reused");
    };
    assert_eq!(ended.revoked.unwrap().reason, RevokedReason::Reuse);
}

fn a_late_replay_is_reuse_where_nothing_is_forgiven(f: &Fixture) {
    let strict = RenewalRules {
        late_replay_every: std::time::Duration::ZERO,
        ..RULES
    };
    let id = f.session("ann").id;
    f.renew_by(id, 0, START, strict);
    let late = f.renew_by(id, 0, START + GRACE, strict);
    assert!(matches!(late, Renewal::Reused(_)));
}

fn a_token_two_rotations_old_is_reuse_even_inside_the_grace(f: &Fixture) {
    let id = f.session("ann").id;
    f.renew(id, 0, START);
    f.renew(id, 1, START + GRACE);

    let at = START + GRACE + SECOND;
    let Renewal::Reused(ended) = f.renew(id, 0, at) else {
        panic!("not reused");
    };
    let revocation = Revocation::new(RevokedReason::Reuse, Actor::System, at);
    assert_eq!(ended.revoked, Some(revocation));
    assert_eq!(ended.generation.get(), 2);
    // The honest holder is told as well.
    let not_live = Renewal::NotLive(NotLive::Revoked(RevokedReason::Reuse));
    assert_eq!(f.renew(id, 2, at), not_live);
}

fn without_a_grace_the_previous_token_is_late_at_once(f: &Fixture) {
    let strict = RenewalRules {
        grace: std::time::Duration::ZERO,
        ..RULES
    };
    let id = f.session("ann").id;
    f.renew_by(id, 0, START, strict);
    assert!(matches!(
        f.renew_by(id, 1, START, strict),
        Renewal::Rotated(_)
    ));
    assert!(matches!(
        f.renew_by(id, 1, START, strict),
        Renewal::Forgiven(_)
    ));
    assert!(matches!(
        f.renew_by(id, 1, START, strict),
        Renewal::Reused(_)
    ));
}

/// The clock of the replica that rotated was ahead, or the statement waited for the row.
fn without_a_grace_no_rotation_is_recent(f: &Fixture) {
    let strict = RenewalRules {
        grace: std::time::Duration::ZERO,
        late_replay_every: std::time::Duration::ZERO,
        ..RULES
    };
    for (seed, behind) in [("ann", SECOND / 1000), ("bob", SECOND), ("eve", 9 * SECOND)] {
        let id = f.session(seed).id;
        let at = START + 10 * SECOND;
        let rotated = f.renew_by(id, 0, at, strict);
        assert!(matches!(rotated, Renewal::Rotated(_)), "{rotated:?}");
        let session = f.find(id);
        let seen = sessions::peek(session, Generation::FIRST, at - behind, &strict);
        assert_eq!(seen, Peek::Undecided);
        let again = f.renew_by(id, 0, at - behind, strict);
        assert!(matches!(again, Renewal::Reused(_)), "{again:?}");
    }
}

fn the_largest_generation_is_none(f: &Fixture) {
    assert_eq!(Generation::new(u32::MAX), None);
    let id = f.session("ann").id;
    let Renewal::Recovered(recovered) = f.renew(id, u32::MAX - 1, START) else {
        panic!("not recovered");
    };
    assert_eq!(recovered.generation.get(), u32::MAX);
    assert_eq!(f.find(id), Some(recovered));
}

fn a_token_newer_than_the_row_recovers_it(f: &Fixture) {
    let id = f.session("ann").id;
    let Renewal::Recovered(recovered) = f.renew(id, 7, START) else {
        panic!("not recovered");
    };
    assert_eq!(recovered.generation.get(), 8);
    assert_eq!(recovered.rotated_at, Some(START));
    assert!(matches!(
        f.renew(id, 7, START + SECOND),
        Renewal::Replayed(_)
    ));
}

fn a_session_ends_when_it_is_idle(f: &Fixture) {
    let session = f.session("ann");
    let last_moment = session.idle_expires_at - SECOND / 1000;
    assert!(matches!(f.peek(session.id, 0, last_moment), Peek::Valid(_)));
    let end = session.idle_expires_at;
    assert_eq!(
        f.peek(session.id, 0, end),
        Peek::NotLive(NotLive::IdleExpired)
    );
    assert_eq!(
        f.renew(session.id, 0, end),
        Renewal::NotLive(NotLive::IdleExpired)
    );
}

fn a_session_ends_at_its_end_however_often_it_is_renewed(f: &Fixture) {
    let session = f.session("ann");
    let mut at = START;
    let mut generation = 0;
    while at + DAY < session.expires_at {
        let Renewal::Rotated(rotated) = f.renew(session.id, generation, at) else {
            panic!("not rotated");
        };
        assert!(rotated.idle_expires_at <= session.expires_at);
        generation += 1;
        at = at + DAY;
    }
    let end = session.expires_at;
    assert!(matches!(
        f.peek(session.id, generation, end - SECOND),
        Peek::Valid(_)
    ));
    assert_eq!(
        f.renew(session.id, generation, end),
        Renewal::NotLive(NotLive::Expired)
    );
}

fn a_revoked_session_says_why(f: &Fixture) {
    let id = f.session("ann").id;
    assert!(f.revoke(id, RevokedReason::RevokedByOperator, START));
    let not_live = NotLive::Revoked(RevokedReason::RevokedByOperator);
    assert_eq!(f.renew(id, 0, START), Renewal::NotLive(not_live));
    assert_eq!(f.peek(id, 0, START), Peek::NotLive(not_live));
}

fn an_unknown_session_is_unknown(f: &Fixture) {
    let id = sessions::SessionId::new(START, [9; 10]);
    assert_eq!(f.renew(id, 0, START), Renewal::NotLive(NotLive::Unknown));
    assert_eq!(f.peek(id, 0, START), Peek::NotLive(NotLive::Unknown));
}

fn a_peek_never_changes_anything(f: &Fixture) {
    let id = f.session("ann").id;
    f.renew(id, 0, START);
    f.renew(id, 1, START + GRACE);
    let before = f.find(id).unwrap();
    let inside = START + GRACE + SECOND;
    let outside = START + 2 * GRACE;

    assert_eq!(f.peek(id, 2, inside), Peek::Valid(before.clone()));
    assert_eq!(f.peek(id, 2, outside), Peek::Valid(before.clone()));
    assert_eq!(f.peek(id, 1, inside), Peek::Valid(before.clone()));
    assert_eq!(f.peek(id, 1, outside), Peek::Undecided);
    assert_eq!(f.peek(id, 0, inside), Peek::Undecided);
    assert_eq!(f.peek(id, 3, inside), Peek::Undecided);

    assert_eq!(f.find(id), Some(before));
}

/// As a newer version writes it, while both are at work.
fn an_unknown_stored_reason_still_revokes_the_session(f: &Fixture) {
    use diesel::connection::SimpleConnection;
    let id = f.session("ann").id;
    f.store
        .write(move |c| {
            c.batch_execute("UPDATE sessions SET revoked_at = 1, revoked_reason = 'whim'")?;
            Ok(())
        })
        .unwrap();
    let not_live = NotLive::Revoked(RevokedReason::Other);
    assert_eq!(f.renew(id, 0, START), Renewal::NotLive(not_live));
    let ended = f
        .store
        .read(|c| sessions::revoked_since(c, UnixMillis::from_millis(0), None, 9));
    assert_eq!(ended.unwrap()[0].reason, RevokedReason::Other);
}

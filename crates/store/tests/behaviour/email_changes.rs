//! Changes of the address wait for their proof, and can be taken back.

use store::challenges::{Challenge, ChallengeKind};
use store::user_changes::{self, Proof, UserChanges};
use store::users::{self, User, UserId};

use crate::challenges::{accepted, add, answer, challenge, find, update, user_now};
use crate::{Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    a_change_of_the_address_waits_for_its_proof_and_can_be_taken_back
    an_address_that_somebody_else_has_by_then_is_not_taken
    the_first_link_that_takes_a_change_back_outlives_later_changes
    nobody_takes_an_address_that_can_be_taken_back
    an_operator_who_repairs_an_address_ends_all_links
}

fn a_change_of_the_address_waits_for_its_proof_and_can_be_taken_back(f: &Fixture) {
    let session = f.session("ann");
    let ann = user_now(f, &session.user_id);
    let asked = Challenge {
        email: "new@example.org".to_owned(),
        ..challenge(Some(&ann), ChallengeKind::ChangeEmail, 1)
    };
    let undo = challenge(Some(&ann), ChallengeKind::UndoEmailChange, 2);
    add(f, &asked);
    assert_eq!(user_now(f, &ann.id).email, "ann@example.org");
    let proven = accepted(answer(f, &asked, user_changes::change_email));
    assert_eq!(proven.before.email, "ann@example.org");
    assert_eq!(proven.revoked, None);
    let changed = user_now(f, &ann.id);
    assert_eq!(changed.email, "new@example.org");
    assert!(changed.email_verified_at.is_some());

    add(f, &undo);
    let proven = accepted(answer(f, &undo, user_changes::undo_email_change));
    assert_eq!(proven.revoked.unwrap().sessions, [session.id]);
    let restored = user_now(f, &ann.id);
    assert_eq!(restored.email, "ann@example.org");
    assert_eq!(restored.password, None);
}

fn an_address_that_somebody_else_has_by_then_is_not_taken(f: &Fixture) {
    let ann = f.add_user("ann");
    let asked = Challenge {
        email: "bob@example.org".to_owned(),
        ..challenge(Some(&ann), ChallengeKind::ChangeEmail, 1)
    };
    add(f, &asked);
    f.add_user("bob");
    let proof = answer(f, &asked, user_changes::change_email);
    assert_eq!(proof, Proof::EmailTaken);
    assert_eq!(user_now(f, &ann.id), ann);
}

/// Somebody has taken the account over, and changes the address twice.
fn the_first_link_that_takes_a_change_back_outlives_later_changes(f: &Fixture) {
    let ann = f.add_user("ann");
    let change_to = |email: &str, seed| {
        let before = user_now(f, &ann.id);
        let undo = Challenge {
            created_at: START + u32::from(seed) * SECOND,
            ..challenge(Some(&before), ChallengeKind::UndoEmailChange, seed)
        };
        let asked = Challenge {
            email: email.to_owned(),
            ..challenge(Some(&before), ChallengeKind::ChangeEmail, seed + 50)
        };
        add(f, &asked);
        accepted(answer(f, &asked, user_changes::change_email));
        add(f, &undo);
        undo
    };
    let first = change_to("one@example.org", 1);
    let second = change_to("two@example.org", 2);
    let restored = accepted(answer(f, &first, user_changes::undo_email_change));
    assert_eq!(restored.user.email, "ann@example.org");
    // The link that went to the address in between does not take the account again.
    let late = answer(f, &second, user_changes::undo_email_change);
    assert_eq!(late, Proof::Invalid);
}

fn nobody_takes_an_address_that_can_be_taken_back(f: &Fixture) {
    let (ann, bob) = (f.add_user("ann"), f.add_user("bob"));
    let undo = challenge(Some(&ann), ChallengeKind::UndoEmailChange, 1);
    let email = Some("new@example.org".to_owned());
    update(
        f,
        &ann,
        UserChanges {
            email,
            ..UserChanges::default()
        },
    );
    add(f, &undo);
    let eve = User {
        id: UserId::parse("eve").unwrap(),
        email: "ANN@example.org".to_owned(),
        ..ann.clone()
    };
    let added = f.store.transaction(move |c| users::add(c, &eve)).unwrap();
    assert_eq!(added, users::Addition::EmailTaken);
    assert_eq!(
        f.store
            .read(|c| users::find_by_email(c, "ann@example.org"))
            .unwrap(),
        None
    );
    let asked = Challenge {
        email: "ann@example.org".to_owned(),
        ..challenge(Some(&bob), ChallengeKind::ChangeEmail, 2)
    };
    add(f, &asked);
    assert_eq!(
        answer(f, &asked, user_changes::change_email),
        Proof::EmailTaken
    );
    // It is not used up.
    assert_eq!(find(f, &asked), Some(asked));
    accepted(answer(f, &undo, user_changes::undo_email_change));
}

fn an_operator_who_repairs_an_address_ends_all_links(f: &Fixture) {
    let ann = f.add_user("ann");
    let undo = challenge(Some(&ann), ChallengeKind::UndoEmailChange, 1);
    add(f, &undo);
    let email = Some("repaired@example.org".to_owned());
    update(
        f,
        &ann,
        UserChanges {
            email,
            ..UserChanges::default()
        },
    );
    assert_eq!(find(f, &undo), None);
}

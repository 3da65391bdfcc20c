//! Challenges: each is used once, by whoever it is about, for what it was made for.

use std::thread;
use std::time::Duration;

use store::challenges::{self, BrowserHash, Challenge, ChallengeId, ChallengeKind};
use store::user_changes::{self, Proof, Proven, UserChanges};
use store::users::{self, PasswordHash, User, UserId};
use store::{Actor, AnyConnection, Now, StoreError, UnixMillis};

use crate::{Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    a_challenge_is_used_once_however_many_try
    attempts_run_out_however_many_try
    a_newer_challenge_replaces_what_the_same_browser_asked_for_before
    a_challenge_of_a_browser_is_found_by_that_browser
    an_expired_challenge_proves_nothing
    a_challenge_proves_nothing_about_another_address
    a_challenge_of_a_disabled_or_deleted_user_proves_nothing
    a_reset_sets_the_password_and_revokes_everything_else
    a_link_that_was_not_mailed_proves_no_address
    a_proven_address_is_a_claim_of_live_sessions
    what_others_set_up_with_an_unproven_address_goes
    an_invitation_sets_name_and_password
    expired_challenges_are_deleted_in_batches
}

/// What an answer changes.
type Answer = fn(&mut AnyConnection, &Challenge, Now) -> Result<Proof, StoreError>;

const KIND: ChallengeKind = ChallengeKind::ResetPassword;

pub(crate) fn challenge(user: Option<&User>, kind: ChallengeKind, seed: u8) -> Challenge {
    Challenge {
        id: ChallengeId::new(START, [seed; 10]),
        kind,
        user_id: user.map(|user| user.id.clone()),
        email: user.map_or("nobody@example.org".to_owned(), |user| user.email.clone()),
        browser: Some(BrowserHash([seed; 32])),
        return_to: Some("https://app.example.org/".to_owned()),
        created_at: START,
        expires_at: START + 60 * SECOND,
    }
}

pub(crate) fn add(f: &Fixture, challenge: &Challenge) {
    let challenge = challenge.clone();
    f.store
        .transaction(move |c| challenges::add(c, &challenge, 5))
        .unwrap();
}

pub(crate) fn find(f: &Fixture, challenge: &Challenge) -> Option<Challenge> {
    let id = challenge.id;
    f.store
        .read(move |c| challenges::find_live(c, id, START))
        .unwrap()
}

/// Answers a challenge a second after the start.
pub(crate) fn answer(f: &Fixture, challenge: &Challenge, change: Answer) -> Proof {
    answer_at(f, challenge, START + SECOND, change)
}

fn answer_at(f: &Fixture, challenge: &Challenge, at: UnixMillis, change: Answer) -> Proof {
    let challenge = challenge.clone();
    let change = move |c: &mut _| change(c, &challenge, &|| at);
    f.store.transaction(change).unwrap()
}

fn reset(c: &mut AnyConnection, challenge: &Challenge, now: Now) -> Result<Proof, StoreError> {
    let new = PasswordHash::new("new".into());
    user_changes::reset_password(c, challenge, &new, now)
}

pub(crate) fn accepted(proof: Proof) -> Proven {
    match proof {
        Proof::Accepted(proven) => *proven,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn user_now(f: &Fixture, id: &UserId) -> User {
    f.store.read(|c| users::find(c, id)).unwrap().unwrap()
}

pub(crate) fn update(f: &Fixture, user: &User, changes: UserChanges) {
    let id = user.id.clone();
    let update =
        move |c: &mut _| user_changes::update(c, &id, &changes, &Actor::CommandLine, &|| START);
    f.store.transaction(update).unwrap();
}

fn a_challenge_is_used_once_however_many_try(f: &Fixture) {
    let ann = f.add_user("ann");
    let asked = challenge(Some(&ann), KIND, 1);
    add(f, &asked);
    let proofs: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| answer(f, &asked, reset)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let accepted = proofs.iter().filter(|proof| **proof != Proof::Invalid);
    assert_eq!(accepted.count(), 1);
    assert_eq!(find(f, &asked), None);
}

fn attempts_run_out_however_many_try(f: &Fixture) {
    let ann = f.add_user("ann");
    let asked = challenge(Some(&ann), KIND, 1);
    add(f, &asked);
    let id = asked.id;
    let attempt = || {
        f.store
            .write(move |c| challenges::take_attempt(c, id, START))
            .unwrap()
    };
    let taken: Vec<bool> = thread::scope(|scope| {
        let threads: Vec<_> = (0..12).map(|_| scope.spawn(attempt)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 5);
    // The link stays valid: nobody guesses that.
    assert_eq!(find(f, &asked), Some(asked));
}

fn a_newer_challenge_replaces_what_the_same_browser_asked_for_before(f: &Fixture) {
    let (ann, bob) = (f.add_user("ann"), f.add_user("bob"));
    let of = |user: Option<&User>, kind, seed, browser: Option<u8>| Challenge {
        browser: browser.map(|byte| BrowserHash([byte; 32])),
        ..challenge(user, kind, seed)
    };
    let first = of(Some(&ann), KIND, 1, Some(7));
    let others = [
        of(Some(&bob), KIND, 2, Some(7)),
        of(Some(&ann), ChallengeKind::SignIn, 3, Some(7)),
        of(None, KIND, 4, Some(7)),
        // Nobody can make the code useless that somebody else has asked for.
        of(Some(&ann), KIND, 8, Some(8)),
        of(Some(&ann), KIND, 9, None),
    ];
    for asked in others.iter().chain([&first]) {
        add(f, asked);
    }
    let second = of(Some(&ann), KIND, 5, Some(7));
    add(f, &second);
    assert_eq!(find(f, &first), None);
    for asked in others.iter().chain([&second]) {
        assert_eq!(find(f, asked).as_ref(), Some(asked));
    }
    let of_nobody = of(None, KIND, 6, Some(7));
    add(f, &of_nobody);
    assert_eq!(find(f, &others[2]), None);
    assert_eq!(find(f, &second), Some(second));
}

fn a_challenge_of_a_browser_is_found_by_that_browser(f: &Fixture) {
    let ann = f.add_user("ann");
    let asked = challenge(Some(&ann), KIND, 1);
    add(f, &asked);
    let of = |byte, kind, at| {
        let browser = BrowserHash([byte; 32]);
        f.store
            .read(move |c| challenges::of_browser(c, browser, kind, at))
            .unwrap()
    };
    assert_eq!(of(1, KIND, START), Some(asked.clone()));
    assert_eq!(of(2, KIND, START), None);
    assert_eq!(of(1, ChallengeKind::SignIn, START), None);
    assert_eq!(of(1, KIND, START + 60 * SECOND), None);
    accepted(answer(f, &asked, reset));
    assert_eq!(of(1, KIND, START), None);
}

fn an_expired_challenge_proves_nothing(f: &Fixture) {
    let ann = f.add_user("ann");
    let asked = challenge(Some(&ann), KIND, 1);
    add(f, &asked);
    let late = answer_at(f, &asked, asked.expires_at, reset);
    assert_eq!(late, Proof::Invalid);
    assert_eq!(user_now(f, &ann.id), ann);
}

fn a_challenge_proves_nothing_about_another_address(f: &Fixture) {
    let ann = f.add_user("ann");
    let kinds: [(ChallengeKind, Answer); 3] = [
        (ChallengeKind::VerifyEmail, user_changes::prove_email),
        (ChallengeKind::ResetPassword, reset),
        (ChallengeKind::SignIn, user_changes::take_over),
    ];
    for (n, (kind, change)) in (1..).zip(kinds) {
        let asked = challenge(Some(&ann), kind, n);
        let before = user_now(f, &ann.id);
        // As if it had been asked for while the address was changing.
        let email = Some(format!("other{n}@example.org"));
        update(
            f,
            &before,
            UserChanges {
                email,
                ..UserChanges::default()
            },
        );
        add(f, &asked);
        assert_eq!(answer(f, &asked, change), Proof::Invalid, "{kind}");
        assert_eq!(user_now(f, &ann.id).email_verified_at, None);
    }
    // Nor about the next user who has the address.
    let asked = challenge(Some(&ann), KIND, 9);
    add(f, &asked);
    let next = User {
        id: UserId::parse("next").unwrap(),
        ..ann.clone()
    };
    let added = next.clone();
    f.store.transaction(move |c| users::add(c, &added)).unwrap();
    assert_eq!(answer(f, &asked, reset), Proof::Invalid);
    assert_eq!(user_now(f, &next.id), next);
}

fn a_challenge_of_a_disabled_or_deleted_user_proves_nothing(f: &Fixture) {
    let ann = f.add_user("ann");
    let disabled = |disabled| UserChanges {
        disabled: Some(disabled),
        ..UserChanges::default()
    };
    let asked = challenge(Some(&ann), KIND, 1);
    add(f, &asked);
    update(f, &ann, disabled(true));
    assert_eq!(answer(f, &asked, reset), Proof::Invalid);
    // Whoever is enabled again needs another one.
    update(f, &ann, disabled(false));
    assert_eq!(answer(f, &asked, reset), Proof::Invalid);

    let asked = challenge(Some(&ann), KIND, 2);
    add(f, &asked);
    let id = ann.id.clone();
    let delete = move |c: &mut _| user_changes::delete(c, &id, &Actor::CommandLine, &|| START);
    f.store.transaction(delete).unwrap();
    assert_eq!(answer(f, &asked, reset), Proof::Invalid);
}

fn a_reset_sets_the_password_and_revokes_everything_else(f: &Fixture) {
    let session = f.session("ann");
    let ann = user_now(f, &session.user_id);
    let (asked, other) = (
        challenge(Some(&ann), KIND, 1),
        challenge(Some(&ann), ChallengeKind::SignIn, 2),
    );
    let undo = challenge(Some(&ann), ChallengeKind::UndoEmailChange, 3);
    for asked in [&asked, &other, &undo] {
        add(f, asked);
    }
    let proven = accepted(answer(f, &asked, reset));
    assert_eq!(proven.revoked.unwrap().sessions, [session.id]);
    let ann = user_now(f, &ann.id);
    assert_eq!(ann.password.unwrap().expose(), "new");
    assert_eq!(ann.email_verified_at, Some(START + SECOND));
    assert_eq!(find(f, &other), None);
    // Whoever took the account over cannot get rid of this one.
    assert_eq!(find(f, &undo), Some(undo));
}

fn a_link_that_was_not_mailed_proves_no_address(f: &Fixture) {
    let ann = f.add_user("ann");
    let link = challenge(Some(&ann), ChallengeKind::SetPassword, 1);
    add(f, &link);
    let proven = accepted(answer(f, &link, reset));
    assert_eq!(proven.user.password.unwrap().expose(), "new");
    assert_eq!(proven.user.email_verified_at, None);
}

fn a_proven_address_is_a_claim_of_live_sessions(f: &Fixture) {
    let session = f.session("ann");
    assert_eq!(session.claims, r#"{"role":"editor"}"#);
    let ann = user_now(f, &session.user_id);
    let asked = challenge(Some(&ann), ChallengeKind::VerifyEmail, 1);
    add(f, &asked);
    let proven = accepted(answer(f, &asked, user_changes::prove_email));
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let claims = serde_json::json!({ "email_verified": true, "role": "editor" });
    assert_eq!(read(&proven.claims.unwrap().claims), claims);
    assert_eq!(proven.revoked, None);
    assert_eq!(read(&f.find(session.id).unwrap().claims), claims);
    // Another address is not proven.
    let email = Some("new@example.org".to_owned());
    update(
        f,
        &ann,
        UserChanges {
            email,
            ..UserChanges::default()
        },
    );
    assert_eq!(f.find(session.id).unwrap().claims, session.claims);
}

fn what_others_set_up_with_an_unproven_address_goes(f: &Fixture) {
    let session = f.session("ann");
    let ann = user_now(f, &session.user_id);
    let first = challenge(Some(&ann), ChallengeKind::SignIn, 1);
    add(f, &first);
    let proven = accepted(answer(f, &first, user_changes::take_over));
    assert_eq!(proven.user.password, None);
    assert_eq!(proven.revoked.unwrap().sessions, [session.id]);

    // Once it is proven, signing in by mail changes nothing.
    let proven = User {
        password: Some(PasswordHash::new("own".into())),
        ..proven.user
    };
    let sql = format!(
        "UPDATE users SET password = 'own' WHERE id = '{}'",
        proven.id
    );
    f.execute(&sql);
    let second = challenge(Some(&ann), ChallengeKind::SignIn, 2);
    add(f, &second);
    let again = accepted(answer(f, &second, user_changes::take_over));
    assert_eq!((again.user, again.revoked), (proven, None));
}

fn an_invitation_sets_name_and_password(f: &Fixture) {
    let ann = f.add_user("ann");
    let invited = challenge(Some(&ann), ChallengeKind::Invitation, 1);
    add(f, &invited);
    let accept = |c: &mut AnyConnection, challenge: &Challenge, now: Now| {
        let hash = PasswordHash::new("chosen".into());
        user_changes::accept_invitation(c, challenge, "Ann Lee", &hash, now)
    };
    let user = accepted(answer(f, &invited, accept)).user;
    assert_eq!(user.name, "Ann Lee");
    assert_eq!(user.password.as_ref().unwrap().expose(), "chosen");
    assert!(user.email_verified_at.is_some());
    assert_eq!(user_now(f, &ann.id), user);
    assert_eq!(answer(f, &invited, accept), Proof::Invalid);
}

fn expired_challenges_are_deleted_in_batches(f: &Fixture) {
    for n in 1..=3 {
        let ann = f.add_user(&format!("user{n}"));
        add(f, &challenge(Some(&ann), KIND, n));
    }
    let delete = |seconds: u64, limit| {
        let before = START + Duration::from_secs(seconds);
        let delete = move |c: &mut _| challenges::delete_expired(c, before, limit);
        f.store.write(delete).unwrap()
    };
    assert_eq!(delete(60, 9), 0);
    assert_eq!((delete(61, 2), delete(61, 2), delete(61, 2)), (2, 1, 0));
}

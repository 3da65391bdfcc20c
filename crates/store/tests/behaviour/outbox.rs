//! The outbox, and the lease of whoever delivers it.

use std::thread;
use std::time::Duration;

use store::challenges::ChallengeId;
use store::leases;
use store::outbox::{self, MailId, MailKind, MailOutcome, NewMail, Waiting};
use store::sessions::RevokedReason;
use store::{StoreError, UnixMillis};

use crate::{DAY, Fixture, GRACE, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    mails_are_due_in_the_order_in_which_they_were_added
    a_mail_that_failed_is_due_later_and_holds_nobody_up
    what_is_done_with_is_not_due_and_can_be_tried_again_unless_it_was_sent
    a_mail_is_added_with_what_causes_it_or_not_at_all
    a_session_that_was_used_twice_is_told_once
    old_mails_are_deleted_in_batches
    one_holder_has_the_lease_until_it_expires
}

fn mail(seed: u8) -> NewMail {
    let created_at = START + u32::from(seed) * SECOND;
    NewMail {
        id: MailId::new(created_at, [seed; 10]),
        kind: MailKind::VerifyEmail,
        user_id: None,
        challenge_id: Some(ChallengeId::new(created_at, [seed; 10])),
        recipient: format!("user{seed}@example.org"),
        locale: Some("ru".to_owned()),
        parameters: "{}".to_owned(),
        created_at,
        outcome: None,
    }
}

fn add(f: &Fixture, mail: &NewMail) {
    let mail = mail.clone();
    f.store.write(move |c| outbox::add(c, &mail)).unwrap();
}

fn due(f: &Fixture, at: UnixMillis) -> Vec<MailId> {
    let due = f.store.read(move |c| outbox::due(c, at, 9)).unwrap();
    due.into_iter().map(|mail| mail.mail.id).collect()
}

fn finish(f: &Fixture, id: MailId, outcome: MailOutcome) {
    let finish = move |c: &mut _| outbox::finish(c, id, outcome, Some("why"), START);
    f.store.write(finish).unwrap();
}

fn mails_are_due_in_the_order_in_which_they_were_added(f: &Fixture) {
    let mails: Vec<_> = (1..=3).map(mail).collect();
    for mail in mails.iter().rev() {
        add(f, mail);
    }
    assert_eq!(due(f, START), []);
    let ids: Vec<_> = mails.iter().map(|mail| mail.id).collect();
    assert_eq!(due(f, START + 2 * SECOND), ids[..2]);
    assert_eq!(due(f, START + 3 * SECOND), ids);
    let id = ids[0];
    let found = f.store.read(move |c| outbox::find(c, id)).unwrap();
    assert_eq!(found.unwrap().mail, mails[0]);
    let waiting = f.store.read(outbox::waiting).unwrap();
    let oldest = Some(START + SECOND);
    assert_eq!(waiting, Waiting { count: 3, oldest });
}

fn a_mail_that_failed_is_due_later_and_holds_nobody_up(f: &Fixture) {
    let (first, second) = (mail(1), mail(2));
    add(f, &first);
    add(f, &second);
    let (id, until) = (first.id, START + 60 * SECOND);
    for _ in 0..2 {
        f.store
            .write(move |c| outbox::postpone(c, id, "the server is away", until))
            .unwrap();
    }
    assert_eq!(due(f, START + 59 * SECOND), [second.id]);
    assert_eq!(due(f, until), [first.id, second.id]);
    let found = f.store.read(move |c| outbox::find(c, id)).unwrap().unwrap();
    assert_eq!(found.attempts, 2);
    assert_eq!(found.last_error.as_deref(), Some("the server is away"));
    assert_eq!(found.due_at, until);
}

fn what_is_done_with_is_not_due_and_can_be_tried_again_unless_it_was_sent(f: &Fixture) {
    let outcomes = [MailOutcome::Sent, MailOutcome::GivenUp];
    for (seed, outcome) in (1..).zip(outcomes) {
        add(f, &mail(seed));
        finish(f, mail(seed).id, outcome);
    }
    let suppressed = NewMail {
        outcome: Some(MailOutcome::Suppressed),
        ..mail(3)
    };
    add(f, &suppressed);
    let late = START + DAY;
    assert_eq!(due(f, late), []);
    assert_eq!(f.store.read(outbox::waiting).unwrap(), Waiting::default());
    let retry = |seed| {
        let id = mail(seed).id;
        f.store.write(move |c| outbox::retry(c, id, late)).unwrap()
    };
    assert_eq!(
        (retry(1), retry(2), retry(3), retry(9)),
        (false, true, false, false)
    );
    assert_eq!(due(f, late), [mail(2).id]);
    let listed = f.store.read(|c| outbox::list(c, None, 2)).unwrap();
    let listed: Vec<_> = listed.into_iter().map(|mail| mail.mail.id).collect();
    assert_eq!(listed, [mail(3).id, mail(2).id]);
    let before = Some(mail(2).id);
    let rest = f.store.read(move |c| outbox::list(c, before, 9)).unwrap();
    assert_eq!(rest.len(), 1);
}

fn a_mail_is_added_with_what_causes_it_or_not_at_all(f: &Fixture) {
    let failed: Result<(), _> = f.store.transaction(|c| {
        outbox::add(c, &mail(1))?;
        Err(StoreError::Unreadable("what follows"))
    });
    assert!(failed.is_err());
    assert_eq!(due(f, START + DAY), []);
}

fn a_session_that_was_used_twice_is_told_once(f: &Fixture) {
    let (reused, other) = (f.session("ann"), f.session("bob"));
    f.renew(reused.id, 0, START + GRACE);
    f.renew(reused.id, 1, START + 2 * GRACE);
    f.renew(reused.id, 0, START + 4 * GRACE);
    assert!(f.revoke(other.id, RevokedReason::Logout, START + GRACE));
    let untold = |since| {
        f.store
            .read(move |c| outbox::reused_sessions(c, since, 9))
            .unwrap()
    };
    let found = untold(START);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].user.id, reused.user_id);
    assert_eq!(found[0].device.ip, reused.device.ip);
    assert_eq!(found[0].id.to_string(), reused.id.to_string());
    assert_eq!(untold(START + 5 * GRACE), []);
    let told = NewMail {
        id: found[0].id,
        ..mail(1)
    };
    for _ in 0..2 {
        let told = told.clone();
        f.store.write(move |c| outbox::add_once(c, &told)).unwrap();
    }
    assert_eq!(untold(START), []);
    assert_eq!(due(f, START + DAY), [told.id]);
}

fn old_mails_are_deleted_in_batches(f: &Fixture) {
    for seed in 1..=3 {
        add(f, &mail(seed));
    }
    let delete = |seconds: u32, limit| {
        let before = START + seconds * SECOND;
        let delete = move |c: &mut _| outbox::delete_old(c, before, limit);
        f.store.write(delete).unwrap()
    };
    assert_eq!((delete(1, 9), delete(3, 1), delete(3, 9)), (0, 1, 1));
    assert_eq!(due(f, START + DAY), [mail(3).id]);
}

fn one_holder_has_the_lease_until_it_expires(f: &Fixture) {
    const TTL: Duration = Duration::from_secs(60);
    let hold = |holder: &'static str, seconds: u32| {
        let now = START + seconds * SECOND;
        let hold = move |c: &mut _| leases::hold(c, "outbox", holder, TTL, now);
        f.store.write(hold).unwrap()
    };
    let first: Vec<bool> = thread::scope(|scope| {
        let holders = ["a", "b", "c", "d"];
        let threads: Vec<_> = holders
            .map(|holder| scope.spawn(move || hold(holder, 0)))
            .into_iter()
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(first.iter().filter(|held| **held).count(), 1, "{first:?}");
    let winner = ["a", "b", "c", "d"][first.iter().position(|held| *held).unwrap()];
    assert!(hold(winner, 59));
    assert!(!hold("e", 60));
    assert!(!hold("e", 118));
    assert!(hold("e", 119));
    assert!(!hold(winner, 120));
}

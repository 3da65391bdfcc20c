use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use store::sessions::{self, NewSession, Revocation, RevokedReason, SessionId};
use store::user_changes::{self, UserChanges};
use store::{Actor, AnyConnection, StoreError, UnixMillis};

use crate::{Fixture, SECOND, START, new_session, on_both_back_ends};

on_both_back_ends! {
    the_first_reason_stays
    revoking_what_is_not_there_is_no_error
    a_user_revokes_only_their_own_sessions
    all_live_sessions_of_one_user_are_revoked
    a_revocation_has_the_time_after_it_waited_for_a_lock
    two_that_revoke_the_same_sessions_do_not_deadlock
}

fn the_first_reason_stays(f: &Fixture) {
    let id = f.session("ann").id;
    assert!(f.revoke(id, RevokedReason::Logout, START + SECOND));
    assert!(!f.revoke(id, RevokedReason::UserDisabled, START + 2 * SECOND));
    let first = Revocation::new(RevokedReason::Logout, Actor::CommandLine, START + SECOND);
    assert_eq!(f.find(id).unwrap().revoked, Some(first));
}

fn revoking_what_is_not_there_is_no_error(f: &Fixture) {
    let id = SessionId::new(START, [1; 10]);
    assert!(!f.revoke(id, RevokedReason::Logout, START + SECOND));
}

fn a_user_revokes_only_their_own_sessions(f: &Fixture) {
    let (ann, bob) = (f.session("ann"), f.session("bob"));
    let revoke = |id, by: Option<Actor>| {
        let reason = RevokedReason::RevokedByUser;
        let revoke = move |c: &mut _| sessions::revoke(c, id, reason, by.as_ref(), &|| START);
        f.store.transaction(revoke).unwrap()
    };
    let owner = Actor::User(ann.user_id.clone());
    assert_eq!(revoke(bob.id, Some(owner.clone())), None);
    assert_eq!(f.find(bob.id).unwrap().revoked, None);
    assert_eq!(revoke(ann.id, Some(owner)).unwrap().sessions, [ann.id]);
    // Without an actor, it is the holder of a token.
    let of_bob = revoke(bob.id, None).unwrap();
    assert_eq!(of_bob.user_id, bob.user_id);
    assert_eq!(of_bob.revocation.by, Some(Actor::User(bob.user_id)));
}

fn all_live_sessions_of_one_user_are_revoked(f: &Fixture) {
    let first = f.session("ann");
    let user_id = first.user_id.clone();
    let new = new_session(user_id.clone(), "second");
    let issue = move |c: &mut _| sessions::issue(c, &new, &|| START);
    f.store.transaction(issue).unwrap();
    let of_another = f.session("bob");

    let reason = RevokedReason::PasswordChanged;
    let revoked = f.store.transaction(move |c| {
        sessions::revoke_all_of_user(c, &user_id, None, reason, &Actor::System, &|| START)
    });

    assert_eq!(revoked.unwrap().sessions.len(), 2);
    let reason = f.find(first.id).unwrap().revoked.unwrap().reason;
    assert_eq!(reason, RevokedReason::PasswordChanged);
    assert_eq!(f.find(of_another.id).unwrap().revoked, None);
}

const LATER: UnixMillis = UnixMillis::from_millis(START.as_millis() + 60_000);

/// Something that revokes a session, with the time that its clock shows.
type Revoke = fn(&mut AnyConnection, SessionId, store::Now) -> Result<(), StoreError>;

const REVOKE: [Revoke; 5] = [
    |c, id, now| sessions::revoke(c, id, RevokedReason::Logout, None, now).map(drop),
    |c, id, now| {
        let (user, by) = (user_of(c, id)?, Actor::CommandLine);
        let reason = RevokedReason::RevokedByOperator;
        sessions::revoke_all_of_user(c, &user, None, reason, &by, now).map(drop)
    },
    |c, id, now| {
        let user = user_of(c, id)?;
        user_changes::delete(c, &user, &Actor::CommandLine, now).map(drop)
    },
    |c, id, now| {
        let new = NewSession {
            replaces: vec![id],
            ..new_session(user_of(c, id)?, "new")
        };
        sessions::issue(c, &new, now).map(drop)
    },
    |c, id, now| {
        let new = NewSession {
            session_limit: std::num::NonZeroU32::new(1),
            ..new_session(user_of(c, id)?, "limited")
        };
        sessions::issue(c, &new, now).map(drop)
    },
];

fn user_of(c: &mut AnyConnection, id: SessionId) -> Result<store::users::UserId, StoreError> {
    Ok(sessions::find(c, id)?.unwrap().user_id)
}

fn a_revocation_has_the_time_after_it_waited_for_a_lock(f: &Fixture) {
    for (n, revoke) in REVOKE.into_iter().enumerate() {
        let id = f.session(&format!("user{n}")).id;
        let clock = Arc::new(AtomicI64::new(START.as_millis()));
        let locked = Arc::new(Barrier::new(2));
        thread::scope(|scope| {
            let (begun, holders) = (locked.clone(), clock.clone());
            let hold = scope.spawn(move || hold_lock(f, id, begun, holders));
            locked.wait();
            let clock = clock.clone();
            let now = move || UnixMillis::from_millis(clock.load(Ordering::SeqCst));
            f.store.transaction(move |c| revoke(c, id, &now)).unwrap();
            hold.join().unwrap();
        });
        let at = f.find(id).unwrap().revoked.unwrap().at;
        assert_eq!(at, LATER, "{n}");
    }
}

/// Holds the lock of a session until another transaction waits for it, and a minute longer. On SQLite,
/// transactions run one after the other in any case.
fn hold_lock(f: &Fixture, id: SessionId, locked: Arc<Barrier>, clock: Arc<AtomicI64>) {
    let lock = move |c: &mut AnyConnection| {
        let AnyConnection::Postgres(postgres) = c else {
            locked.wait();
            clock.store(LATER.as_millis(), Ordering::SeqCst);
            return Ok(());
        };
        let lock = format!("SELECT id FROM sessions WHERE id = '{id}' FOR UPDATE");
        diesel::sql_query(lock).execute(postgres)?;
        locked.wait();
        until_one_waits(postgres);
        clock.store(LATER.as_millis(), Ordering::SeqCst);
        Ok(())
    };
    f.store.transaction(lock).unwrap();
}

/// Returns as soon as a transaction of this database waits for a lock.
pub(super) fn until_one_waits(postgres: &mut PgConnection) {
    let since = Instant::now();
    while waiting(postgres) == 0 {
        assert!(since.elapsed() < Duration::from_secs(60), "nothing waits");
        thread::sleep(Duration::from_millis(5));
    }
}

/// How many transactions of this database wait for a lock.
fn waiting(postgres: &mut PgConnection) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    // Otherwise this transaction would go on seeing the connections that there were at first.
    diesel::sql_query("SELECT pg_stat_clear_snapshot()")
        .execute(postgres)
        .unwrap();
    let sql = "SELECT count(*) AS count FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let count: Count = diesel::sql_query(sql).get_result(postgres).unwrap();
    count.count
}

/// The sessions of a user are presented to a sign-in of another, while all of them are revoked or get other
/// claims: all take the rows in the order of their ids.
fn two_that_revoke_the_same_sessions_do_not_deadlock(f: &Fixture) {
    let ann = f.session("ann");
    for round in 0..20 {
        let ids: Vec<_> = (0..8)
            .map(|n| {
                let new = new_session(ann.user_id.clone(), &format!("{round}-{n}"));
                let id = new.id;
                let issue = move |c: &mut _| sessions::issue(c, &new, &|| START);
                f.store.transaction(issue).unwrap();
                id
            })
            .collect();
        let bob = f.add_user(&format!("bob{round}"));
        thread::scope(|scope| {
            scope.spawn(|| {
                let user = ann.user_id.clone();
                let (reason, by) = (RevokedReason::RevokedByOperator, Actor::CommandLine);
                if round % 2 == 0 {
                    let changes = UserChanges {
                        claims: Some(format!(r#"{{"round":{round}}}"#)),
                        ..UserChanges::default()
                    };
                    let id = user.clone();
                    let update =
                        move |c: &mut _| user_changes::update(c, &id, &changes, &by, &|| START);
                    f.store.transaction(update).unwrap();
                    return;
                }
                let revoke = move |c: &mut _| {
                    sessions::revoke_all_of_user(c, &user, None, reason, &by, &|| START)
                };
                f.store.transaction(revoke).unwrap();
            });
            let new = NewSession {
                replaces: ids.iter().rev().copied().collect(),
                ..new_session(bob.id, &format!("bob{round}"))
            };
            let issue = move |c: &mut _| sessions::issue(c, &new, &|| START);
            f.store.transaction(issue).unwrap();
        });
        for id in ids {
            assert!(f.find(id).unwrap().revoked.is_some());
        }
    }
}

//! Listing and deleting sessions.

use store::UnixMillis;
use store::sessions::{self, Opened, RevokedReason, RevokedSession, Session, SessionId};
use store::users::UserId;

use crate::{DAY, Fixture, SECOND, START, new_session, on_both_back_ends};

on_both_back_ends! {
    the_live_sessions_of_a_user_are_listed_newest_first
    a_long_list_comes_in_pages
    revoked_sessions_are_listed_in_pages_and_in_order
    expired_sessions_are_deleted_in_batches
    the_last_revocation_is_never_forgotten
    a_limit_revokes_the_oldest_sessions
    many_are_found_at_once_in_the_order_asked_for
}

fn open(f: &Fixture, user_id: &UserId, at: UnixMillis) -> Session {
    let new = sessions::NewSession {
        id: SessionId::new(at, [7; 10]),
        created_at: at,
        ..new_session(user_id.clone(), "")
    };
    match f
        .store
        .transaction(move |c| sessions::issue(c, &new, &|| START))
        .unwrap()
    {
        Opened::Session(session, _) => session,
        other => panic!("{other:?}"),
    }
}

fn revoke(f: &Fixture, id: SessionId, at: UnixMillis) {
    assert!(f.revoke(id, RevokedReason::Logout, at));
}

fn list(f: &Fixture, user_id: &UserId, before: Option<SessionId>, limit: u16) -> Vec<Session> {
    f.store
        .read(|c| sessions::list(c, Some(user_id), before, limit, START + DAY))
        .unwrap()
}

fn the_live_sessions_of_a_user_are_listed_newest_first(f: &Fixture) {
    let of_another = f.session("bob");
    let ann = f.add_user("ann").id;
    let first = open(f, &ann, START + SECOND);
    let second = open(f, &ann, START + 2 * SECOND);
    let revoked = open(f, &ann, START + 3 * SECOND);
    revoke(f, revoked.id, START);

    assert_eq!(list(f, &ann, None, 10), [second.clone(), first.clone()]);
    let everyones = f
        .store
        .read(|c| sessions::list(c, None, None, 10, START))
        .unwrap();
    assert_eq!(everyones.len(), 3);
    assert_eq!(everyones.last(), Some(&of_another));
    let all = |limit| {
        let list = f
            .store
            .read(|c| sessions::list_all(c, Some(&ann), None, limit));
        let ids = list.unwrap().into_iter().map(|session| session.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(all(2), [revoked.id, second.id]);
    let idle = first.idle_expires_at;
    let later = f
        .store
        .read(|c| sessions::list(c, Some(&ann), None, 10, idle));
    assert!(later.unwrap().is_empty());
}

fn a_long_list_comes_in_pages(f: &Fixture) {
    let ann = f.add_user("ann").id;
    let opened: Vec<_> = (0..5)
        .map(|n| open(f, &ann, START + n * SECOND).id)
        .collect();
    let mut seen = Vec::new();
    loop {
        let page = list(f, &ann, seen.last().copied(), 2);
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|session| session.id));
    }
    seen.reverse();
    assert_eq!(seen, opened);
}

fn revoked_sessions_are_listed_in_pages_and_in_order(f: &Fixture) {
    let ann = f.add_user("ann").id;
    let sessions: Vec<_> = (0..5).map(|n| open(f, &ann, START + n * SECOND)).collect();
    // Four at the same moment, as when a user is disabled; one long before; one not at all.
    let moment = START + 100 * SECOND;
    for session in &sessions[..4] {
        revoke(f, session.id, moment);
    }
    let before = f.session("bob");
    revoke(f, before.id, moment - SECOND);

    let mut listed: Vec<RevokedSession> = Vec::new();
    loop {
        let last = listed.last().copied();
        let page = f
            .store
            .read(|c| sessions::revoked_since(c, moment, last, 3))
            .unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    let expected: Vec<_> = sessions[..4]
        .iter()
        .map(|session| RevokedSession {
            id: session.id,
            at: moment,
            reason: RevokedReason::Logout,
        })
        .collect();
    assert_eq!(listed, expected);
}

fn expired_sessions_are_deleted_in_batches(f: &Fixture) {
    let ann = f.add_user("ann").id;
    let ids: Vec<_> = (0..5)
        .map(|n| open(f, &ann, START + n * SECOND).id)
        .collect();
    let live = sessions::NewSession {
        expires_at: START + 31 * DAY,
        ..new_session(ann.clone(), "live")
    };
    let live_id = live.id;
    f.store
        .transaction(move |c| sessions::issue(c, &live, &|| START))
        .unwrap();

    let end = START + 30 * DAY;
    let delete = |limit| {
        f.store
            .write(move |c| sessions::delete_expired(c, end, limit))
            .unwrap()
    };
    let too_early = f
        .store
        .write(move |c| sessions::delete_expired(c, end - SECOND, 9));
    assert_eq!(too_early.unwrap(), 0);
    assert_eq!((delete(3), delete(3), delete(3)), (3, 2, 0));
    assert!(ids.iter().all(|&id| f.find(id).is_none()));
    assert!(f.find(live_id).is_some());
}

fn the_last_revocation_is_never_forgotten(f: &Fixture) {
    let last = || f.store.read(sessions::last_revocation).unwrap();
    assert_eq!(last(), None);
    for (n, name) in ["ann", "bob", "eve"].into_iter().enumerate() {
        let id = f.session(name).id;
        let at = START + SECOND * u32::try_from(n).unwrap();
        assert!(f.revoke(id, RevokedReason::Logout, at));
    }
    let newest = Some(START + 2 * SECOND);
    assert_eq!(last(), newest);
    let end = START + 60 * DAY;
    let delete = move |c: &mut _| sessions::delete_expired(c, end, 9);
    assert_eq!(f.store.write(delete).unwrap(), 2);
    assert_eq!(last(), newest);
}

fn a_limit_revokes_the_oldest_sessions(f: &Fixture) {
    let ann = f.add_user("ann").id;
    let ids: Vec<_> = (0..3)
        .map(|n| open(f, &ann, START + n * SECOND).id)
        .collect();
    let of_another = f.session("bob").id;
    let new = sessions::NewSession {
        created_at: START + 9 * SECOND,
        session_limit: std::num::NonZeroU32::new(2),
        ..new_session(ann, "new")
    };
    let opened = f
        .store
        .transaction(move |c| sessions::issue(c, &new, &|| START))
        .unwrap();

    let Opened::Session(_, revoked) = opened else {
        panic!("{opened:?}");
    };
    let mut revoked: Vec<_> = revoked.into_iter().flat_map(|r| r.sessions).collect();
    revoked.sort();
    assert_eq!(revoked, ids[..2]);
    let reason = |id| {
        f.find(id)
            .unwrap()
            .revoked
            .map(|revocation| revocation.reason)
    };
    assert_eq!(reason(ids[0]), Some(RevokedReason::SessionLimit));
    assert_eq!(reason(ids[1]), Some(RevokedReason::SessionLimit));
    assert_eq!(reason(ids[2]), None);
    assert_eq!(reason(of_another), None);
}

fn many_are_found_at_once_in_the_order_asked_for(f: &Fixture) {
    let find = |ids: &[SessionId]| f.store.read(|c| sessions::find_many(c, ids)).unwrap();
    let (ann, bob, eve) = (f.session("ann"), f.session("bob"), f.session("eve"));
    revoke(f, bob.id, START);
    f.execute(&format!(
        "UPDATE sessions SET generation = -1 WHERE id = '{}'",
        eve.id
    ));
    let unknown = SessionId::new(START, [9; 10]);

    let found = find(&[bob.id, unknown, eve.id, ann.id, ann.id]);

    let revoked = found[0].as_ref().unwrap().as_ref().unwrap();
    assert_eq!(
        revoked.revoked.as_ref().unwrap().reason,
        RevokedReason::Logout
    );
    assert_eq!(found[1].as_ref().unwrap(), &None);
    assert!(found[2].is_err(), "it cannot be read, and the others can");
    assert_eq!(found[3].as_ref().unwrap(), &Some(ann.clone()));
    assert_eq!(found[4].as_ref().unwrap(), &Some(ann));
    assert!(find(&[]).is_empty());
}

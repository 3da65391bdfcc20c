use store::events::{self, Cause, Event, EventFilter, EventKind};
use store::sessions::{Device, RevokedReason, SessionId};
use store::users::UserId;
use store::{Actor, UnixMillis};

use crate::{Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    an_event_is_kept_as_it_was
    events_are_found_by_what_is_asked_for
    old_ones_are_deleted_in_batches
}

fn event(n: u8, kind: EventKind, at: UnixMillis) -> Event {
    Event::new(kind, at, [n; 10])
}

fn add(f: &Fixture, all: Vec<Event>) {
    f.store.transaction(move |c| events::add(c, &all)).unwrap();
}

fn ids(f: &Fixture, filter: &EventFilter, limit: u16) -> Vec<String> {
    let found = f.store.read(|c| events::list(c, filter, limit)).unwrap();
    found.into_iter().map(|event| event.id).collect()
}

fn an_event_is_kept_as_it_was(f: &Fixture) {
    let device = Device {
        ip: Some("192.0.2.1".into()),
        user_agent: Some("Test/1".into()),
        label: None,
    };
    let user = UserId::parse("7").unwrap();
    let full = event(1, EventKind::SignIn, START)
        .user(&user)
        .session(SessionId::new(START, [7; 10]))
        .device(&device)
        .actor(&Actor::ServiceKey("django".into()))
        .subject("k1")
        .refused(Cause::UserDisabled);
    let revoked = event(3, EventKind::SessionRevoked, START).reason(RevokedReason::UserDisabled);
    let bare = event(2, EventKind::KeyRotated, START + SECOND);
    add(f, vec![full.clone(), revoked.clone(), bare.clone()]);
    let found = f
        .store
        .read(|c| events::list(c, &EventFilter::default(), 10));
    assert_eq!(found.unwrap(), [bare, revoked, full]);
    for kind in EventKind::ALL {
        assert_eq!(EventKind::parse(kind.as_str()), Some(*kind));
    }
}

fn events_are_found_by_what_is_asked_for(f: &Fixture) {
    let [ann, bob] = ["ann", "bob"].map(|id| UserId::parse(id).unwrap());
    let first = event(1, EventKind::SignIn, START).user(&ann);
    let second = event(2, EventKind::SignIn, START + SECOND)
        .user(&bob)
        .refused(Cause::RateLimited);
    let third = event(3, EventKind::SessionRevoked, START + 2 * SECOND).user(&ann);
    let id = |event: &Event| event.id.clone();
    let [a, b, c] = [id(&first), id(&second), id(&third)];
    add(f, vec![first, second.clone(), third]);
    let any = EventFilter::default();
    let of_ann = EventFilter {
        user_id: Some(ann),
        ..any.clone()
    };
    assert_eq!(ids(f, &of_ann, 10), [c.clone(), a.clone()]);
    assert_eq!(ids(f, &of_ann, 1), std::slice::from_ref(&c));
    let older = EventFilter {
        before: Some(c.clone()),
        ..of_ann
    };
    assert_eq!(ids(f, &older, 10), std::slice::from_ref(&a));
    let newer = EventFilter {
        after: Some(a.clone()),
        ..any.clone()
    };
    assert_eq!(ids(f, &newer, 10), [c.clone(), b.clone()]);
    let sign_ins = EventFilter {
        kind: Some(EventKind::SignIn),
        ..any.clone()
    };
    assert_eq!(ids(f, &sign_ins, 10), [b.clone(), a]);
    let refused = EventFilter {
        outcome: Some(second.outcome),
        ..any.clone()
    };
    assert_eq!(ids(f, &refused, 10), std::slice::from_ref(&b));
    let recent = EventFilter {
        since: Some(START + SECOND),
        ..any.clone()
    };
    assert_eq!(ids(f, &recent, 10), [c, b]);
    let from_there = EventFilter {
        ip: Some("192.0.2.1".into()),
        ..any
    };
    assert!(ids(f, &from_there, 10).is_empty());
}

fn old_ones_are_deleted_in_batches(f: &Fixture) {
    let at = |n: u8| START + u32::from(n) * SECOND;
    add(
        f,
        (0..5).map(|n| event(n, EventKind::SignIn, at(n))).collect(),
    );
    let delete = |before| {
        let delete = move |c: &mut _| events::delete_before(c, before, 2);
        f.store.write(delete).unwrap()
    };
    assert_eq!([delete(at(3)), delete(at(3)), delete(at(3))], [2, 1, 0]);
    assert_eq!(ids(f, &EventFilter::default(), 10).len(), 2);
}

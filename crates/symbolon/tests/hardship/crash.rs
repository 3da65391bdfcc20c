//! Repeated `kill -9` under load: everything acknowledged is there after the restart.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::short_or_long;
use crate::site::{Session, Site, generation};

/// Each renewal rotates.
const STRICT: &[&str] = &["--rotation-grace=0s"];

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    let _alone = crate::alone();
    let site = Site::sqlite();
    for round in 0..short_or_long(3, 20) {
        let service = site.start(STRICT);
        let promised = under_load(&site, &service.address, || service.kill(), round);
        check(&site, &promised);
    }
}

#[test]
fn postgres_keeps_what_it_acknowledged() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let site = Site::postgres(&server.url("postgres"));
    for round in 0..short_or_long(3, 20) {
        let service = site.start(STRICT);
        // By turns the service and the database are killed.
        let promised = match round % 2 {
            0 => under_load(&site, &service.address, || service.kill(), round),
            _ => under_load(&site, &service.address, || server.crash(), round),
        };
        if round % 2 == 1 {
            service.kill();
            server.recover();
        }
        check(&site, &promised);
    }
}

/// What clients were told last of a session.
struct Promised {
    session: Session,
    sign_out: SignOut,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SignOut {
    NotAsked,
    Asked,
    Acknowledged,
}

/// Clients renew as fast as they can, every fourth signs out in the end, until `kill`.
fn under_load(site: &Site, address: &str, kill: impl FnOnce(), round: u32) -> Vec<Promised> {
    let client = Client::new(address);
    let sessions: Vec<_> = (0..16).map(|_| site.open(&client)).collect();
    let stopped = AtomicBool::new(false);
    let (client, stopped) = (&client, &stopped);
    thread::scope(|scope| {
        let clients: Vec<_> = sessions
            .into_iter()
            .enumerate()
            .map(|(n, session)| {
                scope.spawn(move || renew_until_it_is_gone(client, session, n % 4 == 0, stopped))
            })
            .collect();
        // Not always at the same point of the work.
        thread::sleep(Duration::from_millis(u64::from(200 + 37 * round)));
        kill();
        stopped.store(true, Ordering::Relaxed);
        let promised = clients.into_iter().map(|client| client.join().unwrap());
        promised.collect()
    })
}

fn renew_until_it_is_gone(
    client: &Client,
    mut session: Session,
    signs_out: bool,
    stopped: &AtomicBool,
) -> Promised {
    loop {
        // Some get their sign-out acknowledged before the end.
        if signs_out && generation(&session.cookie) > 20 {
            let reply = client.post("/api/logout", &session.cookie);
            let sign_out = match reply.is_some_and(|reply| reply.status == 200) {
                true => SignOut::Acknowledged,
                false => SignOut::Asked,
            };
            return Promised { session, sign_out };
        }
        match client.post("/api/refresh_all", &session.cookie) {
            Some(reply) if reply.status == 200 => {
                session.cookie = reply.cookie.expect("a rotation sets a cookie");
            }
            // The database may be gone before the service is.
            Some(reply) if reply.status == 503 => {}
            Some(reply) => panic!("{reply:?}"),
            None => stopped.store(true, Ordering::Relaxed),
        }
        if stopped.load(Ordering::Relaxed) {
            let sign_out = SignOut::NotAsked;
            return Promised { session, sign_out };
        }
    }
}

fn check(site: &Site, promised: &[Promised]) {
    let live = site.generations();
    let mut renewals = 0;
    for Promised { session, sign_out } in promised {
        let acknowledged = generation(&session.cookie);
        renewals += acknowledged;
        match live.get(&session.id) {
            None => assert!(*sign_out != SignOut::NotAsked, "{} is gone", session.id),
            Some(_) if *sign_out == SignOut::Acknowledged => panic!("{} came back", session.id),
            // One more may have been under way.
            Some(kept) => assert!(
                (acknowledged..=acknowledged + 1).contains(kept),
                "{} was told {acknowledged}, and is at {kept}",
                session.id
            ),
        }
    }
    assert!(renewals > 0, "nothing was under way");
    let acknowledged = |promised: &&Promised| promised.sign_out == SignOut::Acknowledged;
    let revoked = promised.iter().filter(acknowledged).count();
    println!("{renewals} renewals and {revoked} revocations were acknowledged, and hold");
}

//! Browsers with several tabs on bad lines, and thieves, over HTTP. Requests and answers take up
//! to a third of the grace, and answers get lost. What is decided by chance hangs on a seed, which
//! is printed; `HARDSHIP_SEED` sets it.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::program::Running;
use crate::short_or_long;
use crate::site::{Session, Site, generation};

const GRACE: Duration = Duration::from_secs(3);

/// The longest that a request or an answer is held up. The service has the rest of a third.
const DELAY: Duration = Duration::from_millis(450);

/// Answers in a hundred that are lost.
const LOST: u8 = 5;

fn seed() -> u64 {
    let given = std::env::var("HARDSHIP_SEED");
    let seed = given.map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("HARDSHIP_SEED={seed}");
    seed
}

fn up_to(random: &mut Rng, longest: Duration) -> Duration {
    longest.mul_f64(random.f64())
}

#[test]
fn nobody_is_signed_out_on_sqlite() {
    let _alone = crate::alone();
    let site = Site::sqlite();
    let service = site.start(&["--rotation-grace=3s"]);
    everybody_browses(&site, &[service]);
}

#[test]
fn nobody_is_signed_out_by_two_services_on_one_postgres() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let site = Site::postgres(&server.url("postgres"));
    let there = site.beside();
    let services = [
        site.start(&["--rotation-grace=3s"]),
        there.start(&["--rotation-grace=3s"]),
    ];
    everybody_browses(&site, &services);
}

/// One browser with a dozen tabs, and twenty with three.
fn everybody_browses(site: &Site, services: &[Running]) {
    let random = &mut Rng::with_seed(seed());
    let clients: Vec<_> = services.iter().map(|s| Client::new(&s.address)).collect();
    let began = Instant::now();
    let length = short_or_long(Duration::from_secs(12), Duration::from_secs(120));
    let tabs = |n| if n == 0 { 12 } else { 3 };
    let sessions: Vec<_> = (0..21).map(|_| site.open(&clients[0])).collect();
    let jars: Vec<_> = sessions
        .iter()
        .map(|s| Mutex::new(s.cookie.clone()))
        .collect();
    thread::scope(|scope| {
        for (n, jar) in jars.iter().enumerate() {
            for _ in 0..tabs(n) {
                let (seed, clients) = (random.u64(..), &clients);
                scope.spawn(move || {
                    let random = &mut Rng::with_seed(seed);
                    while began.elapsed() < length {
                        renew(&clients[random.usize(..clients.len())], jar, random);
                    }
                });
            }
        }
    });

    let most = began.elapsed().as_secs() / GRACE.as_secs() + 1;
    let live = site.generations();
    for (session, jar) in sessions.iter().zip(&jars) {
        let kept = live[&session.id];
        assert!(
            (2..=most).contains(&kept),
            "{kept} rotations in {most} graces"
        );
        assert!(generation(&jar.lock().unwrap()) + 1 >= kept);
    }
}

/// Does what a tab does: sends what is in the jar, and puts there what is answered.
fn renew(client: &Client, jar: &Mutex<String>, random: &mut Rng) {
    let cookie = jar.lock().unwrap().clone();
    thread::sleep(up_to(random, DELAY));
    let path = match random.u8(..4) {
        0 => "/api/refresh_access",
        _ => "/api/refresh_all",
    };
    let reply = client.post(path, &cookie).expect("the service answers");
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    if random.u8(..100) < LOST {
        // The next request follows in time.
        return;
    }
    thread::sleep(up_to(random, DELAY));
    if let Some(cookie) = reply.cookie {
        *jar.lock().unwrap() = cookie;
    }
}

#[test]
fn thieves_are_found_on_sqlite() {
    let _alone = crate::alone();
    find_thieves(&Site::sqlite());
}

#[test]
fn thieves_are_found_on_postgres() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    find_thieves(&Site::postgres(&server.url("postgres")));
}

/// Victim and thief both renew now and then, at times that have nothing to do with each other.
fn find_thieves(site: &Site) {
    let service = site.start(&["--rotation-grace=400ms"]);
    let random = &mut Rng::with_seed(seed());
    let client = &Client::new(&service.address);
    thread::scope(|scope| {
        for session in (0..12).map(|_| site.open(client)) {
            let seed = random.u64(..);
            scope.spawn(move || {
                let found = steal(client, session, &mut Rng::with_seed(seed));
                assert!(
                    found,
                    "seed {seed}: two hold a session, and neither was found"
                );
            });
        }
    });
}

/// Whether the theft was noticed before the sixtieth renewal, and both were told.
fn steal(client: &Client, session: Session, random: &mut Rng) -> bool {
    let mut jars = [session.cookie.clone(), session.cookie];
    for _ in 0..60 {
        thread::sleep(Duration::from_millis(random.u64(50..700)));
        let jar = &mut jars[random.usize(..2)];
        let reply = client.post("/api/refresh_all", jar).expect("an answer");
        match (reply.status, reply.code()) {
            (200, _) => {
                if let Some(cookie) = reply.cookie {
                    *jar = cookie;
                }
            }
            (401, "refresh_reused") => {
                return jars.iter().all(|jar| {
                    let reply = client.post("/api/refresh_all", jar).expect("an answer");
                    reply.code() == "session_revoked" && reply.body["reason"] == "reuse"
                });
            }
            _ => panic!("{reply:?}"),
        }
    }
    false
}

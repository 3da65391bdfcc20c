//! Keys are rotated under load, on two replicas over one PostgreSQL, and no valid token is refused.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use throwaway_postgres::Database;

use crate::client::Client;
use crate::program::Running;
use crate::site::{Session, Site};

/// Longer than a replica takes to hear of a key.
const AHEAD: &str = "--key-publish-ahead=4s";

/// What the load has seen.
#[derive(Default)]
struct Seen {
    ended: AtomicBool,
    calls: AtomicU64,
    refused: Mutex<Vec<String>>,
}

/// Renews on one replica, and has the token verified by both, the other first.
fn load(seen: &Seen, replicas: &[Client; 2], mut session: Session) {
    for n in (0..2).cycle() {
        if seen.ended.load(Ordering::Relaxed) {
            return;
        }
        let (here, there) = (&replicas[n], &replicas[1 - n]);
        let renewed = here.post("/api/refresh_all", &session.cookie).unwrap();
        if renewed.status == 200 {
            for replica in [there, here] {
                let verified = replica.get("/api/verify", renewed.token()).unwrap();
                if verified.status != 200 {
                    seen.refused.lock().unwrap().push(format!("{verified:?}"));
                }
            }
        } else {
            seen.refused.lock().unwrap().push(format!("{renewed:?}"));
        }
        if let Some(cookie) = renewed.cookie {
            session.cookie = cookie;
        }
        seen.calls.fetch_add(3, Ordering::Relaxed);
    }
}

/// Which key signs, by the list.
fn active(site: &Site) -> (String, String) {
    let keys: Vec<Value> = serde_json::from_str(&site.run(&["keys", "list", "--json"])).unwrap();
    let active = keys
        .iter()
        .find(|key| key["use"] == "access" && key["state"] == "active");
    let text = |member: &str| active.unwrap()[member].as_str().unwrap().to_owned();
    (text("id"), text("algorithm"))
}

/// Waits until another key signs than before.
fn rotate(site: &Site, arguments: &[&str]) {
    let before = active(site).0;
    site.run(&[&["keys", "rotate", AHEAD], arguments].concat());
    let began = Instant::now();
    while active(site).0 == before {
        assert!(began.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(50));
    }
}

fn clients(services: [&Running; 2]) -> [Client; 2] {
    services.map(|service| Client::new(&service.address))
}

#[test]
fn rotations_and_a_new_master_key_refuse_no_valid_token() {
    let _alone = crate::alone();
    let Some(database) = Database::create() else {
        return;
    };
    let site = Site::postgres(&database.url());
    let beside = site.beside();
    let rules = [AHEAD, "--access-ttl=3s", "--rotation-grace=100ms"];
    let services = [site.start(&rules), beside.start(&rules)];
    let replicas = clients([&services[0], &services[1]]);
    let seen = Seen::default();
    let new_key = site.data().join("new.key");
    thread::scope(|scope| {
        for _ in 0..4 {
            let session = site.open(&replicas[0]);
            scope.spawn(|| load(&seen, &replicas, session));
        }
        for _ in 0..5 {
            rotate(&site, &["--access-ttl=3s"]);
        }
        rotate(&site, &["--access-ttl=3s", "--signing-alg=EdDSA"]);
        assert_eq!(active(&site).1, "EdDSA");

        let new = "bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldyE";
        fs::write(&new_key, new).unwrap();
        let rewrap = ["keys", "rewrap", "--new-master-key-file=data/new.key"];
        site.run(&rewrap);
        // The services were started with the old one, and go on.
        let before = seen.calls.load(Ordering::Relaxed);
        while seen.calls.load(Ordering::Relaxed) < before + 500 {
            thread::sleep(Duration::from_millis(10));
        }
        seen.ended.store(true, Ordering::Relaxed);
    });
    let calls = seen.calls.load(Ordering::Relaxed);
    println!("{calls} calls");
    assert!(calls > 1000);
    assert_eq!(seen.refused.lock().unwrap().as_slice(), [""; 0]);

    let session = site.open(&replicas[0]);
    let restarted = beside.start(&["--master-key-file", &new_key.display().to_string()]);
    let renewed = Client::new(&restarted.address).post("/api/refresh_all", &session.cookie);
    assert_eq!(renewed.unwrap().status, 200);
}

#[test]
fn after_an_emergency_the_old_key_is_refused_everywhere_and_sessions_go_on() {
    let _alone = crate::alone();
    let Some(database) = Database::create() else {
        return;
    };
    let site = Site::postgres(&database.url());
    let beside = site.beside();
    let services = [site.start(&[]), beside.start(&[])];
    let replicas = clients([&services[0], &services[1]]);
    let session = site.open(&replicas[0]);
    let renewed = replicas[0].post("/api/refresh_access", &session.cookie);
    let old = renewed.unwrap().token().to_owned();
    let is_refused = |replica: &Client| {
        let answer = replica.get("/api/verify", &old).unwrap();
        (answer.status, answer.code()) == (401, "token_foreign")
    };
    assert!(replicas.iter().all(|replica| !is_refused(replica)));

    site.run(&["keys", "rotate", "--emergency"]);

    let began = Instant::now();
    while !replicas.iter().all(is_refused) {
        assert!(began.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(50));
    }
    println!("refused everywhere after {:?}", began.elapsed());
    for (here, there) in [(0, 1), (1, 0)] {
        let renewed = replicas[here].post("/api/refresh_access", &session.cookie);
        let renewed = renewed.unwrap();
        let verified = replicas[there].get("/api/verify", renewed.token());
        assert_eq!(verified.unwrap().status, 200);
    }
}

//! Two replicas on one PostgreSQL whose clocks differ by a second: what races, and what must become known
//! to the other.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde_json::Value;
use throwaway_postgres::Database;

use crate::client::{Client, Reply};
use crate::program::Running;
use crate::short_or_long;
use crate::site::{Session, Site};

const BEHIND: &str = "-1s";

struct Pair {
    database: Database,
    site: Site,
    clients: [Client; 2],
    _services: [Running; 2],
    _beside: Site,
}

impl Pair {
    fn start(arguments: &[&str]) -> Option<Self> {
        let database = Database::create()?;
        let site = Site::postgres(&database.url());
        let beside = site.beside();
        let services = [
            site.start(arguments),
            beside.start_behind(BEHIND, arguments),
        ];
        let clients = [&services[0], &services[1]].map(|running| Client::new(&running.address));
        let pair = Self {
            database,
            site,
            clients,
            _services: services,
            _beside: beside,
        };
        // The one that is behind first: whole seconds then differ by at least one.
        let [behind, ahead] = [1, 0].map(|n| pair.issued_at(&pair.open(n)));
        assert!(behind < ahead, "{behind} {ahead}");
        Some(pair)
    }

    fn open(&self, replica: usize) -> Session {
        self.site.open(&self.clients[replica])
    }

    fn issued_at(&self, session: &Session) -> i64 {
        let token = self.access_token(0, session);
        let claims = token.split('.').nth(1).unwrap();
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let claims = base64::Engine::decode(&engine, claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        claims["auth_time"].as_i64().unwrap()
    }

    fn access_token(&self, replica: usize, session: &Session) -> String {
        let reply = self.clients[replica].post("/api/refresh_access", &session.cookie);
        reply.unwrap().token().to_owned()
    }

    fn verify(&self, replica: usize, token: &str) -> Reply {
        self.clients[replica].get("/api/verify", token).unwrap()
    }

    /// Waits until a replica refuses a token because its session was revoked: two seconds, and as long
    /// again for a machine that is busy.
    fn assert_refused_soon(&self, replica: usize, token: &str) {
        let began = Instant::now();
        while self.verify(replica, token).code() != "session_revoked" {
            assert!(began.elapsed() < Duration::from_secs(4));
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.database.url()).unwrap()
    }
}

#[test]
fn without_a_grace_one_token_has_one_successor() {
    let _alone = crate::alone();
    let strict = ["--rotation-grace=0s", "--late-replay-every=0s"];
    let Some(pair) = Pair::start(&strict) else {
        return;
    };
    for round in 0..short_or_long(100, 1000) {
        let session = pair.open(round % 2);
        let started = Barrier::new(2);
        let replies: Vec<_> = thread::scope(|scope| {
            let calls = pair.clients.each_ref().map(|client| {
                scope.spawn(|| {
                    started.wait();
                    client.post("/api/refresh_all", &session.cookie).unwrap()
                })
            });
            calls.map(|call| call.join().unwrap()).into_iter().collect()
        });
        let successors = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(successors, 1, "{replies:?}");
        let refused = replies.iter().find(|reply| reply.status != 200).unwrap();
        assert_eq!(refused.code(), "refresh_reused");
    }
    // One after the other, the second by the clock that is behind.
    let session = pair.open(0);
    let rotated = pair.clients[0].post("/api/refresh_all", &session.cookie);
    assert_eq!(rotated.unwrap().status, 200);
    let again = pair.clients[1].post("/api/refresh_all", &session.cookie);
    assert_eq!(again.unwrap().code(), "refresh_reused");
}

/// The newest access token is issued while the revocation waits for a lock.
#[test]
fn a_revocation_that_waited_counts_from_its_end() {
    let _alone = crate::alone();
    let Some(pair) = Pair::start(&["--access-ttl=3s", "--database-timeout=10s"]) else {
        return;
    };
    for replica in [0, 1] {
        let session = pair.open(0);
        let mut holder = pair.connect();
        holder
            .batch_execute(&format!(
                "BEGIN; SELECT id FROM sessions WHERE id = '{}' FOR UPDATE",
                session.id
            ))
            .unwrap();
        let token = thread::scope(|scope| {
            let revoke = || pair.clients[replica].post("/api/logout", &session.cookie);
            let revoked = scope.spawn(revoke);
            let began = Instant::now();
            let mut newest = pair.access_token(1 - replica, &session);
            while began.elapsed() < Duration::from_secs(2) {
                newest = pair.access_token(1 - replica, &session);
            }
            holder.batch_execute("COMMIT").unwrap();
            assert_eq!(revoked.join().unwrap().unwrap().status, 200);
            newest
        });
        pair.assert_refused_soon(0, &token);
        pair.assert_refused_soon(1, &token);
        // For as long as it would be valid.
        let refused = |reply: Reply| match reply.code() {
            "session_revoked" => false,
            "token_expired" => true,
            _ => panic!("{reply:?}"),
        };
        while !(refused(pair.verify(0, &token)) && refused(pair.verify(1, &token))) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn many_sessions_that_end_at_once_are_one_event_and_refused_everywhere() {
    let _alone = crate::alone();
    let Some(pair) = Pair::start(&["--sessions-per-user=30"]) else {
        return;
    };
    // The oldest is the one with the smallest id, by the clock of its replica.
    let sessions: Vec<_> = (0..40).map(|_| pair.open(0)).collect();
    let live: Vec<_> = sessions[10..].iter().collect();
    let tokens: Vec<_> = live.iter().map(|s| pair.access_token(0, s)).collect();
    for old in &sessions[..10] {
        let reply = pair.clients[1].post("/api/refresh_all", &old.cookie);
        assert_eq!(reply.unwrap().body["reason"], "session_limit");
    }
    // At a replica, and by a command beside both.
    pair.site.run(&["session", "revoke", "--user=7"]);
    for token in &tokens {
        pair.assert_refused_soon(0, token);
        pair.assert_refused_soon(1, token);
    }
    let events = pair
        .site
        .run(&["audit", "search", "--json", "--kind=sessions_revoked"]);
    let events: Vec<Value> = serde_json::from_str(&events).unwrap();
    let [event] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(event["subject"], "30 sessions");
    assert_eq!(event["reason"], "revoked_by_operator");
}

/// The session of the cookie that comes along ends with the sign-in, wherever it was opened.
#[test]
fn a_sign_in_replaces_the_session_of_its_browser_on_every_replica() {
    let _alone = crate::alone();
    let Some(pair) = Pair::start(&[]) else {
        return;
    };
    for (here, there) in [(0, 1), (1, 0)] {
        let old = pair.open(here);
        let token = pair.access_token(here, &old);
        let new = pair.site.open_with(&pair.clients[there], &old.cookie);
        pair.assert_refused_soon(here, &token);
        pair.assert_refused_soon(there, &token);
        let renewed = pair.clients[here].post("/api/refresh_all", &new.cookie);
        assert_eq!(renewed.unwrap().status, 200);
        let replaced = pair.clients[here].post("/api/refresh_all", &old.cookie);
        assert_eq!(replaced.unwrap().body["reason"], "replaced");
    }
}

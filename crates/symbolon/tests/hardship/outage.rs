//! The database is unreachable, locked, full or out of connections: 503 with `Retry-After`,
//! verification continues, and the service recovers with the database and everything acknowledged.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use throwaway_postgres::PrivateServer;

use crate::client::{Client, Reply};
use crate::program::Running;
use crate::site::{Session, Site, generation};

/// A service under observation: one session, and an access token of it.
struct Observed {
    client: Client,
    session: Session,
    access: String,
}

impl Observed {
    fn new(site: &Site, service: &Running) -> Self {
        let client = Client::new(&service.address);
        let session = site.open(&client);
        let reply = client.post("/api/refresh_access", &session.cookie).unwrap();
        Self {
            access: reply.token().to_owned(),
            client,
            session,
        }
    }

    fn refresh(&self) -> Reply {
        let reply = self.client.post("/api/refresh_all", &self.session.cookie);
        reply.expect("the service answers")
    }

    fn assert_only_verification_works(&self) {
        self.refresh().assert_is_unavailable();
        let reply = self.client.get("/api/verify", &self.access).unwrap();
        assert_eq!(reply.status, 200);
        let live = self.client.get("/health/live", "").unwrap();
        assert_eq!(live.status, 200);
    }

    /// Without a restart. An outage leaves dead connections: each is found out by a call.
    fn assert_recovers(&mut self) {
        let before = generation(&self.session.cookie);
        for _ in 0..100 {
            let reply = self.refresh();
            if reply.status == 200 {
                self.session.cookie = reply.cookie.expect("a rotation sets a cookie");
                assert_eq!(generation(&self.session.cookie), before + 1);
                return;
            }
            reply.assert_is_unavailable();
            thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not recover");
    }
}

const STRICT: &str = "--rotation-grace=0s";

#[test]
fn a_postgres_that_crashes_and_comes_back() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let site = Site::postgres(&server.url("postgres"));
    let service = site.start(&[STRICT]);
    let mut observed = Observed::new(&site, &service);
    for _ in 0..2 {
        server.crash();
        observed.assert_only_verification_works();
        observed.refresh().assert_is_unavailable();
        server.recover();
        observed.assert_recovers();
    }
}

#[test]
fn a_pool_that_is_exhausted() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let site = Site::postgres(&server.url("postgres"));
    let service = site.start(&[STRICT, "--database-connections=2"]);
    let mut observed = Observed::new(&site, &service);
    let others: Vec<_> = (0..2).map(|_| site.open(&observed.client)).collect();

    let mut greedy = PgConnection::establish(&server.url("postgres")).unwrap();
    greedy.batch_execute("BEGIN; LOCK TABLE sessions").unwrap();
    thread::scope(|scope| {
        for other in &others {
            // These two wait for the lock, each with a connection.
            scope.spawn(|| {
                let reply = observed.client.post("/api/refresh_all", &other.cookie);
                // Unless what runs beside the requests was there first.
                assert!([200, 503].contains(&reply.unwrap().status));
            });
        }
        let mut watch = PgConnection::establish(&server.url("postgres")).unwrap();
        until_two_wait(&mut watch);
        observed.assert_only_verification_works();
        greedy.batch_execute("ROLLBACK").unwrap();
    });
    observed.assert_recovers();
}

fn until_two_wait(watch: &mut PgConnection) {
    use diesel::RunQueryDsl;
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    let sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let waiting = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(10));
        let count: Count = diesel::sql_query(sql).get_result(watch).unwrap();
        // The follower of ended sessions may be one of them.
        count.n >= 2
    });
    assert!(waiting);
}

/// Its connections stay, and nothing answers. Each call is answered by the deadline, however many sessions
/// it is about.
#[test]
fn a_postgres_that_freezes() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let site = Site::postgres(&server.url("postgres"));
    let service = site.start(&["--database-timeout=3s"]);
    let observed = Observed::new(&site, &service);
    let cookies: Vec<_> = (0..8).map(|_| site.open(&observed.client).cookie).collect();
    let all = cookies.join("; refreshToken=");
    server.freeze();
    observed.assert_only_verification_works();
    let calls: [&dyn Fn() -> Reply; 4] = [
        &|| observed.refresh(),
        &|| observed.client.get("/api/me", &observed.access).unwrap(),
        &|| observed.client.post("/api/logout", &all).unwrap(),
        &|| observed.client.get("/health/ready", "").unwrap(),
    ];
    for call in calls {
        let began = Instant::now();
        call().assert_is_unavailable();
        // Twice the deadline would be twice the wait of a call.
        assert!(began.elapsed() < Duration::from_secs(6));
    }
    server.thaw();
    // A renewal that was not answered may have been made, and is replayed.
    let recovered = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        observed.refresh().status == 200
    });
    assert!(recovered);
    // What was asked for may have happened, unanswered.
    let gone = observed.client.post("/api/logout", &all).unwrap();
    assert_eq!(gone.status, 200);
}

#[test]
fn a_sqlite_file_that_is_locked() {
    let _alone = crate::alone();
    let site = Site::sqlite();
    let service = site.start(&[STRICT]);
    let mut observed = Observed::new(&site, &service);
    let file = site.data().join("symbolon.db");
    let mut greedy = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    // The service may be writing an event.
    greedy
        .batch_execute("PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE")
        .unwrap();
    observed.assert_only_verification_works();
    // Readers do not wait for it.
    let me = observed.client.get("/api/me", &observed.access).unwrap();
    assert_eq!(me.status, 200);
    greedy.batch_execute("ROLLBACK").unwrap();
    observed.assert_recovers();
}

/// As on a full disk, files cannot grow. (SQLite's own "disk is full" is tested in the store.)
#[test]
fn a_sqlite_file_that_cannot_grow() {
    let _alone = crate::alone();
    let site = Site::sqlite();
    let service = site.start(&[STRICT]);
    let mut observed = Observed::new(&site, &service);
    let limit = |bytes: &str| {
        let pid = format!("--pid={}", service.pid());
        let limit = format!("--fsize={bytes}:unlimited");
        let set = Command::new("prlimit").args([&pid, &limit]).status();
        assert!(set.unwrap().success());
    };
    limit("4096");
    observed.assert_only_verification_works();
    limit("unlimited");
    observed.assert_recovers();
    let acknowledged = generation(&observed.session.cookie);
    service.kill();
    assert_eq!(site.generations()[&observed.session.id], acknowledged);
}

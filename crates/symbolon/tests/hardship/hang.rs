//! One connection to the database hangs, as when a network swallows packets.

use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::site::{Session, Site};

const FREEZE: Duration = Duration::from_secs(5);

/// The renewals and lookups that are on it wait; all others go on.
#[test]
fn a_connection_that_hangs_stops_no_others() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let site = Site::postgres(&server.url("postgres"));
    let metrics = free_address();
    let service = site.start(&[
        "--rotation-grace=0s",
        "--database-connections=2",
        "--database-timeout=10s",
        &format!("--metrics-listen={metrics}"),
    ]);
    let client = Client::new(&service.address);
    let call = |path: &str, session: &mut Session| {
        let reply = client.post(path, &session.cookie).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        if let Some(cookie) = reply.cookie {
            session.cookie = cookie;
        }
    };
    let mut watch = PgConnection::establish(&server.url("postgres")).unwrap();
    for path in ["/api/refresh_all", "/api/refresh_access"] {
        let (mut victim, mut other) = (site.open(&client), site.open(&client));
        call(path, &mut other);
        // The pool gives it away first.
        let hanging = last_used(&mut watch);
        signal(hanging, "-STOP");
        let began = Instant::now();
        thread::scope(|scope| {
            let hangs = scope.spawn(|| call(path, &mut victim));
            until_one_is_busy(&metrics);
            let mut answered = 0;
            while began.elapsed() < FREEZE {
                call(path, &mut other);
                answered += 1;
            }
            assert!(!hangs.is_finished(), "{path}");
            assert!(answered > 10, "{path}: {answered}");
            signal(hanging, "-CONT");
        });
        call(path, &mut victim);
        call(path, &mut other);
    }
}

fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

/// The server's process for the connection that was last used for a session.
fn last_used(watch: &mut PgConnection) -> i32 {
    #[derive(QueryableByName)]
    struct Backend {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }
    let sql = "SELECT pid FROM pg_stat_activity
        WHERE pid <> pg_backend_pid()
            AND (query LIKE '%UPDATE sessions SET%' OR query LIKE '%\"sessions\".\"id\" = ANY%')
        ORDER BY query_start DESC LIMIT 1";
    let backend: Backend = sql_query(sql).get_result(watch).unwrap();
    backend.pid
}

fn signal(process: i32, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// The background tasks are not busy for long.
fn until_one_is_busy(metrics: &str) {
    let is_busy = || {
        let mut answer = ureq::get(format!("http://{metrics}/metrics"))
            .call()
            .unwrap();
        let mut text = String::new();
        answer
            .body_mut()
            .as_reader()
            .read_to_string(&mut text)
            .unwrap();
        text.lines()
            .any(|line| line == "symbolon_database_connections{state=\"busy\"} 1")
    };
    let began = Instant::now();
    while !is_busy() {
        assert!(began.elapsed() < FREEZE);
    }
}

//! A backup is taken under load and restored later.

use std::fs;
use std::thread;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::site::{Session, Site, generation};

const STRICT: &[&str] = &["--rotation-grace=0s"];

#[test]
fn nobody_is_signed_out_by_a_restored_sqlite_file() {
    let _alone = crate::alone();
    let site = Site::sqlite();
    let live = site.data().join("symbolon.db");
    let copy = site.data().join("copy.db");
    let back_up = || {
        let mut sqlite = SqliteConnection::establish(live.to_str().unwrap()).unwrap();
        let vacuum = format!("VACUUM INTO '{}'", copy.display());
        sqlite.batch_execute(&vacuum).unwrap();
    };
    let sessions = go_on_after_a_backup(&site, back_up);

    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", live.display()));
    }
    fs::rename(&copy, &live).unwrap();
    all_renew_without_noticing(&site, sessions);
}

#[test]
fn nobody_is_signed_out_by_a_restored_postgres_dump() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    let mut site = Site::postgres(&server.url("postgres"));
    let host = server.directory().to_str().unwrap();
    let dump = format!("{host}/dump");
    let back_up = || {
        let to = ["-h", host, "-U", "symbolon", "-Fc", "-f", &dump, "postgres"];
        server.run("pg_dump", &to);
    };
    let sessions = go_on_after_a_backup(&site, back_up);

    server.run("createdb", &["-h", host, "-U", "symbolon", "restored"]);
    let from = ["-h", host, "-U", "symbolon", "-d", "restored", &dump];
    server.run("pg_restore", &from);
    site.move_to(&server.url("restored"));
    all_renew_without_noticing(&site, sessions);
}

/// Every client renews while the backup is made, and some more afterwards.
fn go_on_after_a_backup(site: &Site, back_up: impl FnOnce()) -> Vec<Session> {
    let service = site.start(STRICT);
    let client = &Client::new(&service.address);
    let mut sessions: Vec<_> = (0..12).map(|_| site.open(client)).collect();
    thread::scope(|scope| {
        for session in &mut sessions {
            scope.spawn(|| (0..30).for_each(|_| renew(client, session)));
        }
        back_up();
    });
    for (n, session) in sessions.iter_mut().enumerate() {
        (0..1 + n % 3).for_each(|_| renew(client, session));
    }
    service.terminate();
    service.wait();
    sessions
}

fn renew(client: &Client, session: &mut Session) {
    let reply = client.post("/api/refresh_all", &session.cookie).unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    session.cookie = reply.cookie.unwrap();
}

fn all_renew_without_noticing(site: &Site, mut sessions: Vec<Session>) {
    let before = site.generations();
    let service = site.start(STRICT);
    let client = Client::new(&service.address);
    let mut behind = 0;
    for session in &mut sessions {
        let presented = generation(&session.cookie);
        behind += usize::from(before[&session.id] < presented);
        renew(&client, session);
        assert_eq!(generation(&session.cookie), presented + 1);
        renew(&client, session);
    }
    assert_eq!(behind, sessions.len(), "the copy was older for everybody");
    service.terminate();
    let log = service.log();
    let alarms = log
        .matches("the database has lost acknowledged renewals")
        .count();
    assert_eq!(alarms, behind, "{log}");
}

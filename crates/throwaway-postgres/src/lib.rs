//! A PostgreSQL for tests.
//!
//! `TEST_DATABASE_URL` names a server on which databases may be created. Without it, a cluster is
//! created with `initdb`, once per process, and removed when the process ends, however it ends. If
//! neither is available, the test is skipped with a line that says so; with `REQUIRE_POSTGRES=1` it
//! fails. `TEST_ISOLATION` sets the isolation level of the databases, such as `serializable`.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic)]

mod cluster;
mod pooler;
mod private_server;

use std::env;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use cluster::{Cluster, VOLATILE};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
pub use pooler::Pooler;
pub use private_server::PrivateServer;

/// An empty database, dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// A new database; `None` where there is no PostgreSQL.
    ///
    /// # Panics
    ///
    /// With `REQUIRE_POSTGRES=1` where there is no PostgreSQL, and when a database cannot be made.
    pub fn create() -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let server = match server() {
            Ok(server) => server,
            Err(why) => {
                skip(why);
                return None;
            }
        };
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("symbolon_test_{}_{number}", std::process::id());
        server.execute(&format!("CREATE DATABASE {name}"));
        if let Ok(isolation) = env::var("TEST_ISOLATION") {
            let set = "SET default_transaction_isolation";
            server.execute(&format!("ALTER DATABASE {name} {set} = '{isolation}'"));
        }
        Some(Self { server, name })
    }

    /// Ends all connections to it, as a restart of the server does.
    pub fn disconnect(&self) {
        let end = format!(
            "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        self.server.execute(&end);
    }

    /// Ends all connections to it and allows no more, until
    /// [`allow_connections`](Self::allow_connections).
    pub fn refuse_connections(&self) {
        self.set_connections(false);
        self.disconnect();
    }

    /// Ends an outage.
    pub fn allow_connections(&self) {
        self.set_connections(true);
    }

    fn set_connections(&self, allowed: bool) {
        let alter = format!("ALTER DATABASE {} ALLOW_CONNECTIONS {allowed}", self.name);
        self.server.execute(&alter);
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        self.server.execute(&drop);
    }
}

#[derive(Debug)]
enum Server {
    Given(String),
    Own(Cluster),
}

impl Server {
    fn url(&self, database: &str) -> String {
        match self {
            Server::Given(url) => with_database(url, database),
            Server::Own(cluster) => cluster.url(database),
        }
    }

    fn execute(&self, sql: &str) {
        let url = match self {
            Server::Given(url) => url.clone(),
            Server::Own(cluster) => cluster.url("postgres"),
        };
        PgConnection::establish(&url)
            .expect("the test server answers")
            .batch_execute(sql)
            .expect("the test server does as it is told");
    }
}

fn server() -> Result<&'static Server, &'static str> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    SERVER
        .get_or_init(|| match env::var("TEST_DATABASE_URL") {
            Ok(url) => Ok(Server::Given(url)),
            Err(_) => Cluster::start(VOLATILE).map(Server::Own),
        })
        .as_ref()
        .map_err(String::as_str)
}

/// Says so, where that is allowed.
fn skip(why: &str) {
    assert!(
        env::var("REQUIRE_POSTGRES").as_deref() != Ok("1"),
        "REQUIRE_POSTGRES=1, but {why}"
    );
    // Past the capture of a passing test's output.
    let _ = writeln!(std::io::stderr(), "SKIPPED, no PostgreSQL: {why}");
}

/// The same server, another database.
fn with_database(url: &str, database: &str) -> String {
    let (place, parameters) = match url.split_once('?') {
        Some((place, parameters)) => (place, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let authority = place.find("://").map_or(0, |n| n + 3);
    let end = place[authority..]
        .find('/')
        .map_or(place.len(), |n| authority + n);
    format!("{}/{database}{parameters}", &place[..end])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (url, expected) in [
            ("postgres://h/old", "postgres://h/new"),
            (
                "postgres://u:p@h:5/old?sslmode=disable",
                "postgres://u:p@h:5/new?sslmode=disable",
            ),
            ("postgres://h", "postgres://h/new"),
            ("postgres:///old?host=/tmp/x", "postgres:///new?host=/tmp/x"),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::cluster::{Cluster, DURABLE};
use crate::pooler::Pooler;
use crate::skip;

/// A private server with the database `postgres`, which a test can crash; everything it acknowledged
/// must survive. It is removed with this process.
#[derive(Debug)]
pub struct PrivateServer(Cluster);

impl PrivateServer {
    /// Starts one; `None` if PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// With `REQUIRE_POSTGRES=1` where it is not installed.
    pub fn start() -> Option<Self> {
        Cluster::start(DURABLE)
            .map_err(|why| skip(&why))
            .ok()
            .map(Self)
    }

    /// A standby of this one, which follows it.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn standby(&self) -> Self {
        Self(Cluster::start_standby(&self.0).expect("a standby comes up"))
    }

    /// Makes a standby the primary.
    ///
    /// # Panics
    ///
    /// If this server is not a standby.
    pub fn promote(&self) {
        self.0.promote().expect("a standby is promoted");
    }

    /// Ends it at once, as a power cut does.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn crash(&self) {
        self.0.crash().expect("a running server crashes");
    }

    /// Stops all its processes where they are: connections stay, and nothing answers.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn freeze(&self) {
        self.0.signal("-STOP").expect("a running server freezes");
    }

    /// Lets it go on.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn thaw(&self) {
        self.0.signal("-CONT").expect("a frozen server goes on");
    }

    /// Starts it after a crash.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn recover(&self) {
        self.0.start_server().expect("a crashed server recovers");
    }

    /// Waits until this standby has caught up with the primary.
    ///
    /// # Panics
    ///
    /// If that takes more than half a minute.
    pub fn wait_for(&self, primary: &Self) {
        let ask = |server: &Self, question: &str| {
            let host = server.0.directory();
            server.run(
                "psql",
                &["-h", host, "-U", "symbolon", "-Atc", question, "postgres"],
            )
        };
        let written = ask(primary, "SELECT pg_current_wal_lsn()");
        let replayed = format!(
            "SELECT pg_last_wal_replay_lsn() >= '{}'::pg_lsn",
            written.trim()
        );
        let in_time = (0..600).any(|_| {
            thread::sleep(Duration::from_millis(50));
            ask(self, &replayed).trim() == "t"
        });
        assert!(in_time, "the standby has not caught up");
    }

    /// PgBouncer in transaction mode in front of it, with two connections; `None` where that is
    /// not installed.
    ///
    /// # Panics
    ///
    /// With `REQUIRE_POSTGRES=1` where it is not installed.
    pub fn pooler(&self) -> Option<Pooler> {
        Pooler::start(self.0.directory())
            .map_err(|why| skip(&why))
            .ok()
    }

    /// Runs one of its programs, such as `pg_dump`, and returns what that prints.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        self.0.run(program, arguments).expect("the program failed")
    }

    /// Where its socket is.
    pub fn directory(&self) -> &Path {
        Path::new(self.0.directory())
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        self.0.url(database)
    }
}

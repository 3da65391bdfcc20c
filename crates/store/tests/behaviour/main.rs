//! The behaviour of the store, on both back ends.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod attempts;
mod challenges;
mod change;
mod concurrency;
mod database;
mod email_changes;
mod events;
mod keys;
mod list;
mod migrations;
mod model;
mod open;
mod outbox;
mod renew;
mod revoke;
mod schema;
mod service_keys;
mod simulation;
mod state_machine;
mod users;

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use store::sessions::{
    self, Device, Generation, NewSession, Opened, Peek, Presented, Renewal, RenewalRules,
    RevokedReason, Session, SessionId,
};
use store::users::{Addition, PasswordHash, User, UserId};
use store::{Actor, DatabaseUrl, Store, StoreOptions, UnixMillis};
use throwaway_postgres::Database;

/// Each test is a function of a [`Fixture`], and runs once on each back end.
macro_rules! on_both_back_ends {
    ($($test:ident)*) => {
        $(mod $test {
            #[test]
            fn sqlite() {
                super::$test(&crate::Fixture::sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(fixture) = crate::Fixture::postgres() {
                    super::$test(&fixture);
                }
            }
        })*
    };
}
pub(crate) use on_both_back_ends;

/// A migrated, empty database.
struct Fixture {
    store: Store,
    url: DatabaseUrl,
    place: Place,
}

enum Place {
    Directory(#[allow(dead_code)] tempfile::TempDir),
    Database(Database),
}

impl Fixture {
    fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(directory.path().join("symbolon.db"));
        Self::new(url, Place::Directory(directory))
    }

    fn postgres() -> Option<Self> {
        let database = Database::create()?;
        let url = DatabaseUrl::parse(&database.url()).unwrap();
        Some(Self::new(url, Place::Database(database)))
    }

    fn new(url: DatabaseUrl, place: Place) -> Self {
        // As several replicas do that start at once.
        let runs: Vec<_> = thread::scope(|scope| {
            let runs: Vec<_> = (0..2)
                .map(|_| scope.spawn(|| store::migrations::run(&url, &OPTIONS)))
                .collect();
            runs.into_iter()
                .map(|run| run.join().unwrap().unwrap())
                .collect()
        });
        let ran: Vec<_> = runs.into_iter().filter(|ran| !ran.is_empty()).collect();
        assert_eq!(
            ran.len(),
            1,
            "one works, the other finds nothing left to do: {ran:?}"
        );
        let store = Store::open(&url, OPTIONS).unwrap();
        Self { store, url, place }
    }

    fn database(&self) -> &Database {
        match &self.place {
            Place::Database(database) => database,
            Place::Directory(_) => panic!("SQLite has no server"),
        }
    }

    /// Ends the connections to the database, as a restart of the server does.
    fn disconnect(&self) {
        self.database().disconnect();
    }

    fn add_user(&self, name: &str) -> User {
        let user = user(name);
        let added = user.clone();
        let outcome = self.store.write(move |c| store::users::add(c, &added));
        assert_eq!(outcome.unwrap(), Addition::Done);
        user
    }

    /// Opens a session for a new user, at [`START`].
    fn session(&self, name: &str) -> Session {
        let new = new_session(self.add_user(name).id, name);
        let issue = move |c: &mut _| sessions::issue(c, &new, &|| START);
        match self.store.transaction(issue).unwrap() {
            Opened::Session(session, _) => session,
            other => panic!("{other:?}"),
        }
    }

    fn renew(&self, id: SessionId, generation: u32, at: UnixMillis) -> Renewal {
        self.renew_by(id, generation, at, RULES)
    }

    fn renew_by(
        &self,
        id: SessionId,
        generation: u32,
        at: UnixMillis,
        rules: RenewalRules,
    ) -> Renewal {
        let one = BTreeMap::from([(id, presented(generation))]);
        let renew = move |c: &mut _| sessions::renew(c, &one, at, &rules);
        let mut renewals = self.store.write(renew).unwrap();
        renewals.remove(&id).unwrap().unwrap()
    }

    /// Revokes a session at a command; `false` if it had ended.
    fn revoke(&self, id: SessionId, reason: RevokedReason, at: UnixMillis) -> bool {
        let by = Actor::CommandLine;
        let revoke = move |c: &mut _| sessions::revoke(c, id, reason, Some(&by), &|| at);
        self.store.transaction(revoke).unwrap().is_some()
    }

    fn peek(&self, id: SessionId, generation: u32, at: UnixMillis) -> Peek {
        let presented = Generation::new(generation).unwrap();
        sessions::peek(self.find(id), presented, at, &RULES)
    }

    fn execute(&self, sql: &str) {
        use diesel::connection::SimpleConnection;
        let sql = sql.to_owned();
        let executed = self.store.write(move |c| Ok(c.batch_execute(&sql)?));
        executed.unwrap();
    }

    fn find(&self, id: SessionId) -> Option<Session> {
        self.store.read(|c| sessions::find(c, id)).unwrap()
    }
}

const OPTIONS: StoreOptions = StoreOptions {
    connections: 8,
    wait: Duration::from_secs(5),
    statement_timeout: Duration::from_secs(60),
    prepared_statements: true,
};

const START: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(86_400);

/// The defaults.
const RULES: RenewalRules = RenewalRules {
    grace: GRACE,
    late_replay_every: DAY,
    idle_ttl: Duration::from_secs(3 * 86_400),
};

fn presented(generation: u32) -> Presented {
    Presented {
        generation: Generation::new(generation).unwrap(),
        user_id: None,
    }
}

fn user(name: &str) -> User {
    User {
        id: UserId::parse(&format!("id-{name}")).unwrap(),
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        password: Some(PasswordHash::new("$argon2id$…".into())),
        claims: r#"{"role":"editor"}"#.to_owned(),
        created_at: START,
        disabled_at: None,
        email_verified_at: None,
        locale: None,
    }
}

fn new_session(user_id: UserId, seed: &str) -> NewSession {
    let mut random = [0; 10];
    for (byte, seed) in random.iter_mut().zip(seed.bytes()) {
        *byte = seed;
    }
    NewSession {
        id: SessionId::new(START, random),
        user_id,
        created_at: START,
        idle_expires_at: START + RULES.idle_ttl,
        expires_at: START + 30 * DAY,
        amr: vec!["pwd".into()],
        client_id: Some("django".into()),
        device: Device {
            ip: Some("192.0.2.1".into()),
            user_agent: Some("Test/1".into()),
            label: None,
        },
        session_limit: None,
        replaces: Vec::new(),
    }
}

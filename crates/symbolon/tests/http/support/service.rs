//! The service, in this process, on a port of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use api::application::Application;
use clap::Parser;
use identity::challenges::ChallengeSecrets;
use identity::clock::{Clock, FixedClock};
use identity::entropy::{Entropy, SystemEntropy};
use identity::mail::Letters;
use identity::service_keys::ServiceKeySecret;
use serde_json::{Value, json};
use store::service_keys::{self, Scope, ServiceKey};
use store::users::{self, User, UserId};
use store::{DatabaseUrl, Store, StoreOptions, UnixMillis};
use symbolon::settings::ServeArgs;
use throwaway_postgres::Database;

use super::client::Client;
use super::mailbox::{self, ReadMail};

/// When every service starts.
pub(crate) const START: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

/// A password that will do.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Where a service keeps its data.
#[derive(Clone)]
pub(crate) struct Place {
    database_url: String,
    directory: Arc<tempfile::TempDir>,
    database: Option<Arc<Database>>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            database_url: format!("sqlite://{}/symbolon.db", directory.path().display()),
            directory: Arc::new(directory),
            database: None,
        }
    }

    pub(crate) fn postgres() -> Option<Self> {
        let database = Database::create()?;
        Some(Self {
            database_url: database.url(),
            directory: Arc::new(tempfile::tempdir().unwrap()),
            database: Some(Arc::new(database)),
        })
    }

    /// Takes the PostgreSQL database away for as long as `f` runs.
    pub(crate) fn outage(&self, f: impl FnOnce()) {
        let database = self.database.as_ref().unwrap();
        database.refuse_connections();
        f();
        database.allow_connections();
    }

    /// The store itself, for what has no call.
    fn store(&self) -> Store {
        let url = DatabaseUrl::parse(&self.database_url).unwrap();
        let options = StoreOptions {
            connections: 1,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(60),
            prepared_statements: true,
        };
        Store::open(&url, options).unwrap()
    }
}

/// A running service, stopped with this value.
pub(crate) struct Service {
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) base: String,
    place: Place,
    store: Store,
    letters: Letters,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    serve: ServeArgs,
}

impl Service {
    /// With the defaults, but for what `arguments` say.
    pub(crate) fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::start_with_entropy(place, arguments, Arc::new(SystemEntropy::default()))
    }

    /// With another source of randomness.
    pub(crate) fn start_with_entropy(
        place: &Place,
        arguments: &[&str],
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let database_url = format!("--database-url={}", place.database_url);
        let data_dir = format!("--data-dir={}", place.directory.path().display());
        let always = ["symbolon", "--listen=127.0.0.1:0", &database_url, &data_dir];
        // All clients of a test have one address.
        let unlimited = [
            "sign-in",
            "account",
            "registration",
            "service-keys",
            "calls",
        ]
        .map(|limit| format!("--limit-{limit}=off"));
        let name = |flag: &str| flag.split('=').next().unwrap().to_owned();
        let is_given = |flag: &str| arguments.iter().any(|given| name(given) == name(flag));
        let unlimited = unlimited
            .iter()
            .map(String::as_str)
            .filter(|flag| !is_given(flag));
        let arguments = always
            .into_iter()
            .chain(unlimited)
            .chain(arguments.iter().copied());
        let settings = Arguments::parse_from(arguments).serve.resolve().unwrap();
        let mut settings = settings.service;
        // An outage is to be seen soon.
        settings.database.options.wait = Duration::from_millis(500);

        let (master_key, mail) = (settings.keys.master_key.clone(), settings.mail.clone());
        let public_url = settings.http.public_url.clone();
        let clock = Arc::new(FixedClock::new(START));
        let service_clock: Arc<dyn Clock> = clock.clone();
        let (sender, started) = channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let application = Application::build(&settings, service_clock, entropy).unwrap();
                sender
                    .send((application.address(), application.handle()))
                    .unwrap();
                application.run_until_stopped().await.unwrap();
            });
        });
        let (address, handle) = started.recv().expect("the service starts");
        let (master_key, _) = master_key.load(true, &SystemEntropy::default()).unwrap();
        let secrets = ChallengeSecrets::new(&master_key);
        let letters = Letters::new(mail.templates, secrets, mail.sender, public_url.issuer());
        Self {
            clock,
            base: format!("http://{address}"),
            place: place.clone(),
            store: place.store(),
            letters,
            handle,
            thread: Some(thread),
        }
    }

    /// Another service on the same data, at the same time of the clock.
    pub(crate) fn restart(&self, arguments: &[&str]) -> Self {
        Self::start(&self.place, arguments)
    }

    /// Where it keeps its files.
    pub(crate) fn directory(&self) -> &Path {
        self.place.directory.path()
    }

    /// All mails, in the order in which they were added.
    pub(crate) fn mails(&self) -> Vec<ReadMail> {
        mailbox::read(&self.store, &self.letters, self.clock.now())
    }

    /// The mail of this kind to this address that counts: with a link, there is one.
    pub(crate) fn mail(&self, kind: &str, to: &str) -> ReadMail {
        let mut mails = self.mails();
        mails.retain(|mail| (mail.kind, &*mail.to) == (kind, to) && !mail.text.is_empty());
        let mail = mails.pop();
        assert!(mails.is_empty(), "{mails:?}");
        mail.unwrap_or_else(|| panic!("no mail {kind} to {to}"))
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS n FROM {table}"))
    }

    /// The `n` of a query.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        use diesel::RunQueryDsl;
        #[derive(diesel::QueryableByName)]
        struct Number {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let ask = |c: &mut _| Ok(diesel::sql_query(sql).get_result::<Number>(c)?.n);
        self.store.read(ask).unwrap()
    }

    /// All rows of all tables that the schema has, as text; bytes are hexadecimal.
    pub(crate) fn dump(&self) -> String {
        let tables = self.tables();
        let rows = tables.iter().map(|table| match self.place.database {
            Some(_) => self.texts(&format!("SELECT t::text AS t FROM \"{table}\" t")),
            None => {
                let columns = self.texts(&format!(
                    "SELECT 'quote(\"' || name || '\")' AS t FROM pragma_table_info('{table}')"
                ));
                let row = columns.join(" || ' ' || ");
                self.texts(&format!("SELECT {row} AS t FROM \"{table}\""))
            }
        });
        rows.collect::<Vec<_>>().concat().join("\n")
    }

    /// The tables, from the schema itself: a new one is covered at once.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.texts(match self.place.database {
            Some(_) => {
                "SELECT table_name::text AS t FROM information_schema.tables \
                 WHERE table_schema = current_schema()"
            }
            None => "SELECT name AS t FROM sqlite_schema WHERE type = 'table'",
        })
    }

    /// The `t` of each row of a query.
    fn texts(&self, sql: &str) -> Vec<String> {
        use diesel::RunQueryDsl;
        #[derive(diesel::QueryableByName)]
        struct Text {
            #[diesel(sql_type = diesel::sql_types::Text)]
            t: String,
        }
        let ask = |c: &mut _| Ok(diesel::sql_query(sql).load::<Text>(c)?);
        let rows = self.store.read(ask).unwrap();
        rows.into_iter().map(|row| row.t).collect()
    }

    /// A client with an empty cookie jar.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base)
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The body that registers somebody of this name.
    pub(crate) fn registration(name: &str) -> Value {
        json!({ "name": name, "email": format!("{name}@example.org"), "password": PASSWORD })
    }

    /// A new user, through the front door.
    pub(crate) fn register(&self, name: &str) -> Value {
        let answer = self
            .client()
            .post("/api/register")
            .json(Self::registration(name))
            .send();
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// A client that a new user has signed in with.
    pub(crate) fn signed_in(&self, name: &str) -> Client {
        self.register(name);
        self.signed_in_again(name)
    }

    /// A client that a user has signed in with who is there already.
    pub(crate) fn signed_in_again(&self, name: &str) -> Client {
        let client = self.client();
        let answer = client
            .post("/api/login")
            .json(Self::credentials(name))
            .send();
        assert_eq!(answer.status, 200, "{answer:?}");
        client
    }

    /// The body that signs them in.
    pub(crate) fn credentials(name: &str) -> Value {
        json!({ "email": format!("{name}@example.org"), "password": PASSWORD })
    }

    /// A user as imported from the older service: with a number, without a password of ours.
    pub(crate) fn import(&self, id: &str, name: &str) {
        let user = User {
            id: UserId::parse(id).unwrap(),
            name: name.to_owned(),
            email: format!("{name}@example.org"),
            password: None,
            claims: r#"{"role":"editor"}"#.to_owned(),
            created_at: START,
            disabled_at: None,
            email_verified_at: None,
            locale: None,
        };
        let added = self.store.write(move |c| users::add(c, &user)).unwrap();
        assert_eq!(added, users::Addition::Done);
    }

    /// Runs a statement on the database.
    pub(crate) fn execute(&self, sql: &str) {
        use diesel::connection::SimpleConnection;
        let sql = sql.to_owned();
        self.store
            .write(move |c| Ok(c.batch_execute(&sql)?))
            .unwrap();
    }

    /// A service key, as `symbolon service-key create` makes one.
    pub(crate) fn service_key(&self, name: &str, scopes: &[Scope]) -> String {
        let entropy: &dyn Entropy = &SystemEntropy::default();
        let plain = ServiceKeySecret::generate(entropy);
        let hash = plain.hash();
        let key = ServiceKey {
            id: format!("id-of-{name}"),
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            created_at: START,
            expires_at: Some(START + Duration::from_secs(3600)),
            revoked_at: None,
            last_used_at: None,
        };
        let added = self.store.write(move |c| service_keys::add(c, &key, hash));
        assert_eq!(added.unwrap(), service_keys::Addition::Done);
        plain.expose().to_owned()
    }

    /// When a service key was last used.
    pub(crate) fn last_use(&self, name: &str) -> Option<UnixMillis> {
        let keys = self.store.read(service_keys::list).unwrap();
        keys.iter()
            .find(|key| key.name == name)
            .unwrap()
            .last_used_at
    }

    pub(crate) fn revoke_service_key(&self, name: &'static str) {
        let revoked = self
            .store
            .write(move |c| service_keys::revoke(c, name, START));
        assert!(revoked.unwrap().is_some());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

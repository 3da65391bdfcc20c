//! `DATABASE_URL`, `SYMBOLON_DANGER_DATABASE_WITHOUT_TLS`, `SYMBOLON_DATA_DIR`,
//! `SYMBOLON_DATABASE_CONNECTIONS`, `SYMBOLON_DATABASE_TIMEOUT`, `SYMBOLON_PREPARED_STATEMENTS`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use identity::database::Database;
use store::{DatabaseUrl, LibpqDefaults, StoreOptions};

use super::{Mistakes, boolean, duration};

/// The settings of the database, as text.
#[derive(Args, Clone)]
pub struct DatabaseArgs {
    /// The database: sqlite://PATH or postgres://… [default: symbolon.db in the data directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,

    /// Allow a connection to a PostgreSQL server on another machine that may be unencrypted; password
    /// hashes and email addresses then travel in plain text
    #[arg(long, env = "SYMBOLON_DANGER_DATABASE_WITHOUT_TLS")]
    danger_database_without_tls: bool,

    /// Directory of the embedded database and the master key file
    #[arg(
        long,
        env = "SYMBOLON_DATA_DIR",
        value_name = "DIR",
        default_value = "./data"
    )]
    data_dir: PathBuf,

    /// Maximum number of database connections; for SQLite, of connections that read
    #[arg(
        long,
        env = "SYMBOLON_DATABASE_CONNECTIONS",
        value_name = "N",
        default_value = "16"
    )]
    database_connections: String,

    /// How long a call waits for the database before it answers 503; also PostgreSQL's timeout of a
    /// statement, waiting for locks included
    #[arg(
        long,
        env = "SYMBOLON_DATABASE_TIMEOUT",
        value_name = "TIME",
        default_value = "5s"
    )]
    database_timeout: String,

    /// Whether to use named prepared statements; off behind a pooler that does not support them, such
    /// as PgBouncer before 1.21 in transaction mode
    #[arg(
        long,
        env = "SYMBOLON_PREPARED_STATEMENTS",
        value_name = "on|off",
        default_value = "on"
    )]
    prepared_statements: String,
}

/// What the environment says about a connection, where its URL says nothing.
pub fn libpq_defaults() -> LibpqDefaults {
    LibpqDefaults {
        host: libpq_variable("PGHOST"),
        host_address: libpq_variable("PGHOSTADDR"),
        ssl_mode: libpq_variable("PGSSLMODE"),
    }
}

#[expect(clippy::disallowed_methods, reason = "they are libpq's, not ours")]
fn libpq_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Less would fail under ordinary load.
const LEAST_TIMEOUT: Duration = Duration::from_secs(1);

/// More would let a revocation become visible later than the denylist allows for (30 seconds).
const MOST_TIMEOUT: Duration = Duration::from_secs(10);

impl DatabaseArgs {
    /// The directory for files.
    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Resolves these settings without others.
    ///
    /// # Errors
    ///
    /// All [`Mistakes`] in them.
    pub fn resolve_alone(self) -> Result<Database, Mistakes> {
        let mut mistakes = Mistakes::default();
        let database = self.resolve(&mut mistakes);
        mistakes.or(database)
    }

    /// Why a connection to this database is refused, unless the operator allows it: somebody may read
    /// along.
    pub fn refuse_unencrypted(&self, url: &DatabaseUrl) -> Result<(), String> {
        let DatabaseUrl::Postgres(postgres) = url else {
            return Ok(());
        };
        if libpq_variable("PGSERVICE").is_some() {
            return Err(
                "PGSERVICE is set, and its service file could change the connection; unset it and write \
                 what the file says into the URL"
                    .to_owned(),
            );
        }
        match postgres.unencrypted_host(&libpq_defaults()) {
            Some(host) if !self.danger_database_without_tls => Err(format!(
                "the connection to {host} may be unencrypted; add sslmode=verify-full (or require), or set \
                 SYMBOLON_DANGER_DATABASE_WITHOUT_TLS=true if the network between is yours alone"
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Database> {
        let url = match &self.database_url {
            None => Some(DatabaseUrl::sqlite(self.data_dir.join("symbolon.db"))),
            // Not shown, because it may contain a password.
            Some(url) => DatabaseUrl::parse(url)
                .map_err(|why| mistakes.add("DATABASE_URL", None, why))
                .ok(),
        };
        if let Some(url) = &url
            && let Err(why) = self.refuse_unencrypted(url)
        {
            mistakes.add("DATABASE_URL", None, why);
        }
        let connections = match self.database_connections.parse() {
            Ok(n @ 1..=1000) => Some(n),
            _ => {
                let value = Some(self.database_connections.as_str());
                mistakes.add(
                    "SYMBOLON_DATABASE_CONNECTIONS",
                    value,
                    "must be a number from 1 to 1000",
                );
                None
            }
        };
        let timeout = duration(&self.database_timeout, LEAST_TIMEOUT).and_then(|timeout| {
            let is_short = timeout <= MOST_TIMEOUT;
            is_short
                .then_some(timeout)
                .ok_or("must be at most 10s".to_owned())
        });
        let timeout = mistakes.note("SYMBOLON_DATABASE_TIMEOUT", &self.database_timeout, timeout);
        let prepared_statements = mistakes.note(
            "SYMBOLON_PREPARED_STATEMENTS",
            &self.prepared_statements,
            boolean(&self.prepared_statements),
        );
        Some(Database {
            url: url?,
            options: StoreOptions {
                connections: connections?,
                wait: timeout?,
                statement_timeout: timeout?,
                prepared_statements: prepared_statements?,
            },
        })
    }
}

//! `DATABASE_URL`, `SYMBOLON_DATA_DIR`, `SYMBOLON_DATABASE_CONNECTIONS`,
//! `SYMBOLON_PREPARED_STATEMENTS`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use store::{DatabaseUrl, StoreOptions};

use super::{Mistakes, switch};

/// Where everything is kept, as it was given.
#[derive(Args, Clone)]
pub struct DatabaseArgs {
    /// Where everything is kept: sqlite://PATH or postgres://… [default: symbolon.db in the data
    /// directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,

    /// Directory of the embedded database and the master key file
    #[arg(
        long,
        env = "SYMBOLON_DATA_DIR",
        value_name = "DIR",
        default_value = "./data"
    )]
    data_dir: PathBuf,

    /// Database connections at most; for SQLite those that read
    #[arg(
        long,
        env = "SYMBOLON_DATABASE_CONNECTIONS",
        value_name = "N",
        default_value = "16"
    )]
    database_connections: String,

    /// Whether statements are prepared by name: off behind a pooler that cannot carry them, as
    /// PgBouncer before 1.21 in transaction mode
    #[arg(
        long,
        env = "SYMBOLON_PREPARED_STATEMENTS",
        value_name = "on|off",
        default_value = "on"
    )]
    prepared_statements: String,
}

/// Where everything is kept.
#[derive(Clone, Debug)]
pub struct Database {
    /// The database.
    pub url: DatabaseUrl,
    /// The directory for what is in files.
    pub data_dir: PathBuf,
    /// How the database is opened.
    pub options: StoreOptions,
}

impl DatabaseArgs {
    /// # Errors
    ///
    /// All [`Mistakes`] in them.
    pub fn resolve_alone(self) -> Result<Database, Mistakes> {
        let mut mistakes = Mistakes::default();
        self.resolve(&mut mistakes).ok_or(mistakes)
    }

    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Database> {
        let url = match &self.database_url {
            None => Some(DatabaseUrl::sqlite(self.data_dir.join("symbolon.db"))),
            // Not shown: it may hold a password, wherever somebody put it.
            Some(url) => DatabaseUrl::parse(url)
                .map_err(|why| mistakes.add("DATABASE_URL", None, why))
                .ok(),
        };
        let connections = match self.database_connections.parse() {
            Ok(n @ 1..=1000) => Some(n),
            _ => {
                let value = Some(self.database_connections.as_str());
                mistakes.add(
                    "SYMBOLON_DATABASE_CONNECTIONS",
                    value,
                    "a number from 1 to 1000",
                );
                None
            }
        };
        let prepared_statements = mistakes.note(
            "SYMBOLON_PREPARED_STATEMENTS",
            &self.prepared_statements,
            switch(&self.prepared_statements),
        );
        Some(Database {
            url: url?,
            data_dir: self.data_dir,
            options: StoreOptions {
                connections: connections?,
                wait: Duration::from_secs(5),
                prepared_statements: prepared_statements?,
            },
        })
    }
}

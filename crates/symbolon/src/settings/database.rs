//! `DATABASE_URL`, `SYMBOLON_DATA_DIR`, `SYMBOLON_DATABASE_CONNECTIONS`,
//! `SYMBOLON_PREPARED_STATEMENTS`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use identity::database::Database;
use store::{DatabaseUrl, StoreOptions};

use super::{Mistakes, switch};

/// The settings of the database, as text.
#[derive(Args, Clone)]
pub struct DatabaseArgs {
    /// The database: sqlite://PATH or postgres://… [default: symbolon.db in the data directory]
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

    /// Maximum number of database connections; for SQLite, of connections that read
    #[arg(
        long,
        env = "SYMBOLON_DATABASE_CONNECTIONS",
        value_name = "N",
        default_value = "16"
    )]
    database_connections: String,

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
        self.resolve(&mut mistakes).ok_or(mistakes)
    }

    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Database> {
        let url = match &self.database_url {
            None => Some(DatabaseUrl::sqlite(self.data_dir.join("symbolon.db"))),
            // Not shown, because it may contain a password.
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
                    "must be a number from 1 to 1000",
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
            options: StoreOptions {
                connections: connections?,
                wait: Duration::from_secs(5),
                prepared_statements: prepared_statements?,
            },
        })
    }
}

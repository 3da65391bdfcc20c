use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::postgres_url::{InvalidPostgresUrl, PostgresUrl};

/// The URL of a database; its scheme chooses the back end.
///
/// `Debug` and `Display` never show a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://` and a path, absolute or relative to the working directory.
    Sqlite(PathBuf),
    /// `postgres://` or `postgresql://`, as libpq understands it, several hosts included.
    Postgres(PostgresUrl),
}

/// Why a text is not the URL of a supported database.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidDatabaseUrl {
    /// Another scheme, or none.
    #[error("must start with sqlite:// or postgres://")]
    Scheme,
    /// `postgres://`, and something else than libpq can read.
    #[error("{0}")]
    Postgres(#[from] InvalidPostgresUrl),
    /// `sqlite://` without a path.
    #[error("the path of the file is missing; an example is sqlite://./data/symbolon.db")]
    NoPath,
    /// A database in memory, which would be lost when the service stops.
    #[error("an in-memory database would lose every session at a restart; use a file")]
    InMemory,
    /// Parameters, as other programs take them.
    #[error("a URL of SQLite takes no parameters; leave out the ? and what follows")]
    SqliteParameters,
    /// A host, as in `file://localhost/path`.
    #[error("a URL of SQLite has no host; write sqlite:///path for an absolute path")]
    SqliteHost,
}

impl DatabaseUrl {
    /// # Errors
    ///
    /// [`InvalidDatabaseUrl`] says what it must look like.
    pub fn parse(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err(InvalidDatabaseUrl::NoPath),
                _ if path.starts_with(":memory:") => Err(InvalidDatabaseUrl::InMemory),
                _ if path.contains('?') => Err(InvalidDatabaseUrl::SqliteParameters),
                _ if path.starts_with("localhost/") => Err(InvalidDatabaseUrl::SqliteHost),
                _ => Ok(Self::sqlite(path)),
            };
        }
        let mut schemes = ["postgres://", "postgresql://"].into_iter();
        if let Some(rest) = schemes.find_map(|scheme| text.strip_prefix(scheme)) {
            return Ok(DatabaseUrl::Postgres(PostgresUrl::parse(rest)?));
        }
        Err(InvalidDatabaseUrl::Scheme)
    }

    /// The SQLite database in this file.
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        DatabaseUrl::Sqlite(path.as_ref().to_owned())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => write!(f, "{url}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, InvalidDatabaseUrl};

    #[test]
    fn the_scheme_chooses_the_back_end() {
        let parse = |text| DatabaseUrl::parse(text).unwrap();
        assert_eq!(
            parse("sqlite://data/s.db"),
            DatabaseUrl::sqlite("data/s.db")
        );
        assert_eq!(
            parse("sqlite:///var/s.db"),
            DatabaseUrl::sqlite("/var/s.db")
        );
        for url in [
            "postgres://h/d",
            "postgresql://a:1,b:2/d?target_session_attrs=primary",
        ] {
            assert!(matches!(parse(url), DatabaseUrl::Postgres(_)), "{url}");
        }
    }

    #[test]
    fn everything_else_is_refused_and_never_guessed() {
        for (text, error) in [
            ("", InvalidDatabaseUrl::Scheme),
            ("data/s.db", InvalidDatabaseUrl::Scheme),
            ("mysql://h/d", InvalidDatabaseUrl::Scheme),
            ("sqlite:s.db", InvalidDatabaseUrl::Scheme),
            ("sqlite://", InvalidDatabaseUrl::NoPath),
            ("sqlite://:memory:", InvalidDatabaseUrl::InMemory),
            (
                "sqlite:///s.db?mode=rwc",
                InvalidDatabaseUrl::SqliteParameters,
            ),
            (
                "sqlite://localhost/var/s.db",
                InvalidDatabaseUrl::SqliteHost,
            ),
        ] {
            assert_eq!(DatabaseUrl::parse(text).unwrap_err(), error, "{text}");
        }
    }
}

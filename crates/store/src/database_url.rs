use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Which database, and where: chosen by the scheme of its URL.
///
/// `Debug` and `Display` leave out the password that a PostgreSQL URL may have.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://` and a path, absolute or relative to the working directory.
    Sqlite(PathBuf),
    /// `postgres://` or `postgresql://`: what libpq understands, several hosts included.
    Postgres(String),
}

/// The text is no URL of a database that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDatabaseUrl {
    /// Another scheme, or none.
    #[error("it must begin with sqlite:// or postgres://")]
    Scheme,
    /// `sqlite://` without a path.
    #[error("the path of the file is missing, as in sqlite://./data/symbolon.db")]
    NoPath,
    /// A database that would be gone at the end.
    #[error("a database in memory would forget every session at a restart: name a file")]
    InMemory,
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
                _ => Ok(Self::sqlite(path)),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(text.to_owned()));
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
            DatabaseUrl::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Scheme, hosts and database name: user information and parameters can both carry a password.
fn without_password(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
            format!("{scheme}://{place}")
        }
        None => String::new(),
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
            assert_eq!(parse(url), DatabaseUrl::Postgres(url.into()));
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
        ] {
            assert_eq!(DatabaseUrl::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_password_never_prints() {
        for url in [
            "postgres://me:s3cret@host:5432/db",
            "postgres://me:s3cret@a,b/db?sslmode=require",
            "postgres://host/db?user=me&password=s3cret",
            "postgres://me:s3cret@more@host/db",
        ] {
            let shown = format!("{0} {0:?}", DatabaseUrl::parse(url).unwrap());
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(shown.contains("/db"), "{shown}");
        }
    }
}

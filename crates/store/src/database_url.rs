use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDatabaseUrl {
    /// Another scheme, or none.
    #[error("must start with sqlite:// or postgres://")]
    Scheme,
    /// `sqlite://` without a path.
    #[error("the path of the file is missing; an example is sqlite://./data/symbolon.db")]
    NoPath,
    /// A database in memory, which would be lost when the service stops.
    #[error("an in-memory database would lose every session at a restart; use a file")]
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
            return Ok(DatabaseUrl::Postgres(PostgresUrl(text.to_owned())));
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

/// A URL for libpq: `postgres://user:password@hosts/database?parameters`. Shown without the user and
/// the parameters, because both may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// Adds limits on how long to wait for an unreachable server, unless there are some.
    pub(crate) fn with_timeouts(&self) -> String {
        let (_, place) = self.split();
        let mut url = self.0.clone();
        let mut separator = if place.contains('?') { '&' } else { '?' };
        // For a server that disappears before it has read a query, and for one that does so afterwards.
        for (name, value) in [
            ("connect_timeout", "5"),
            ("tcp_user_timeout", "10000"),
            ("keepalives_idle", "5"),
            ("keepalives_interval", "2"),
            ("keepalives_count", "3"),
        ] {
            if !place.contains(&format!("{name}=")) {
                url.push_str(&format!("{separator}{name}={value}"));
                separator = '&';
            }
        }
        url
    }

    /// Removes secrets from an error message of libpq, which may quote what it could not parse.
    pub(crate) fn redact(&self, message: &str) -> String {
        let quotes_the_url = ["URI", "percent-encoded", "unexpected spaces"];
        if quotes_the_url.iter().any(|sign| message.contains(sign)) {
            return "libpq cannot parse the URL; special characters in it must be percent-encoded"
                .into();
        }
        message.to_owned()
    }

    /// The user information, and everything after the `@`. As in libpq, it ends at the first slash.
    fn split(&self) -> (&str, &str) {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.find('/').unwrap_or(rest.len());
        match rest[..authority].rfind('@') {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => ("", rest),
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, place) = self.split();
        let place = place.split(['?', '#']).next().unwrap_or_default();
        write!(f, "postgres://{place}")
    }
}

impl fmt::Debug for PostgresUrl {
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
            "postgres://me:s3c?ret@host/db",
            "postgres://me:s3c#s3cret@host/db",
        ] {
            let shown = format!("{0} {0:?}", DatabaseUrl::parse(url).unwrap());
            assert!(!shown.contains("s3c"), "{shown}");
            assert!(shown.contains("/db"), "{shown}");
        }
    }

    #[test]
    fn timeouts_are_added_where_there_are_none() {
        let with_timeouts = |url| match DatabaseUrl::parse(url).unwrap() {
            DatabaseUrl::Postgres(url) => url.with_timeouts(),
            DatabaseUrl::Sqlite(_) => panic!("{url}"),
        };
        for (url, expected) in [
            (
                "postgres://h/d",
                "postgres://h/d?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3",
            ),
            (
                "postgres://u:p?@h/d",
                "postgres://u:p?@h/d?connect_timeout=5&tcp_user_timeout=10000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3",
            ),
            (
                "postgres://h/d?connect_timeout=1",
                "postgres://h/d?connect_timeout=1&tcp_user_timeout=10000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3",
            ),
        ] {
            assert_eq!(with_timeouts(url), expected);
        }
    }

    #[test]
    fn libpqs_messages_quote_no_password() {
        let DatabaseUrl::Postgres(url) = DatabaseUrl::parse("postgres://u:s3%cret@h/d").unwrap()
        else {
            panic!("PostgreSQL");
        };
        let said = url.redact("invalid percent-encoded token: \"s3%cret\"");
        assert!(!said.contains("s3%"), "{said}");
        assert_eq!(url.redact("Connection refused"), "Connection refused");
    }
}

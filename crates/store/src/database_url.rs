use std::fmt;
use std::net::IpAddr;
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

/// What libpq takes from the environment where the URL says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibpqDefaults {
    /// `PGHOSTADDR` or `PGHOST`.
    pub host: Option<String>,
    /// `PGSSLMODE`.
    pub ssl_mode: Option<String>,
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

    /// The host of a server on another machine to which the connection may be unencrypted: libpq falls back
    /// to that unless `sslmode` requires TLS.
    pub fn unencrypted_host(&self, defaults: &LibpqDefaults) -> Option<String> {
        let (_, place) = self.split();
        let (authority, query) = place.split_once('?').unwrap_or((place, ""));
        let parameter = |wanted: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let mut values = pairs.filter(|(name, _)| *name == wanted);
            values.next_back().map(|(_, value)| value)
        };
        let mode = parameter("sslmode").or(defaults.ssl_mode.as_deref());
        let mode = mode.unwrap_or("prefer");
        if ["require", "verify-ca", "verify-full"].contains(&mode) {
            return None;
        }
        let hosts = parameter("hostaddr").or_else(|| parameter("host"));
        let hosts = hosts.unwrap_or(authority.split('/').next().unwrap_or_default());
        let hosts = match (hosts, &defaults.host) {
            ("", Some(host)) => host,
            (hosts, _) => hosts,
        };
        let mut hosts = hosts.split(',').map(without_port);
        hosts.find(|host| !is_local(host)).map(str::to_owned)
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

/// A host without its port; of an IPv6 address, without the brackets.
fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether it is this machine, or the directory of a socket.
fn is_local(host: &str) -> bool {
    let is_socket = ["/", "%2F", "%2f", "@"]
        .iter()
        .any(|prefix| host.starts_with(prefix));
    let is_loopback = host
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    host.is_empty() || is_socket || is_loopback || host.eq_ignore_ascii_case("localhost")
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
    use super::{DatabaseUrl, InvalidDatabaseUrl, LibpqDefaults};

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
    fn a_connection_to_another_machine_that_may_be_unencrypted_is_found() {
        let unencrypted = |url| match DatabaseUrl::parse(url).unwrap() {
            DatabaseUrl::Postgres(url) => url.unencrypted_host(&LibpqDefaults::default()),
            DatabaseUrl::Sqlite(_) => panic!("{url}"),
        };
        for url in [
            "postgres:///d",
            "postgres://u@/d?host=/var/run/postgresql",
            "postgres://%2Fvar%2Frun%2Fpostgresql/d",
            "postgres://u:p@localhost:5432/d",
            "postgres://127.0.0.2/d",
            "postgres://[::1]:5432/d",
            "postgres://db/d?sslmode=require",
            "postgres://a,b:5433/d?target_session_attrs=primary&sslmode=verify-full",
            "postgres://db/d?sslmode=disable&sslmode=verify-ca",
        ] {
            assert_eq!(unencrypted(url), None, "{url}");
        }
        for (url, host) in [
            ("postgres://u:p@db/d", "db"),
            ("postgres://db.example.org:5432", "db.example.org"),
            ("postgres://10.0.0.7/d?sslmode=prefer", "10.0.0.7"),
            (
                "postgres://[2001:db8::1]:5432/d?sslmode=allow",
                "2001:db8::1",
            ),
            ("postgres://localhost,db2:5433/d", "db2"),
            ("postgres:///d?host=db", "db"),
            ("postgres://localhost/d?hostaddr=10.0.0.7", "10.0.0.7"),
            ("postgres://db/d?sslmode=verify-full&sslmode=disable", "db"),
            (
                "postgres://localhost.example.org/d",
                "localhost.example.org",
            ),
        ] {
            assert_eq!(unencrypted(url).as_deref(), Some(host), "{url}");
        }
    }

    #[test]
    fn the_environment_counts_where_the_url_says_nothing() {
        let unencrypted = |url, host: Option<&str>, mode: Option<&str>| {
            let defaults = LibpqDefaults {
                host: host.map(str::to_owned),
                ssl_mode: mode.map(str::to_owned),
            };
            match DatabaseUrl::parse(url).unwrap() {
                DatabaseUrl::Postgres(url) => url.unencrypted_host(&defaults),
                DatabaseUrl::Sqlite(_) => panic!("{url}"),
            }
        };
        let db = Some("db".to_owned());
        assert_eq!(unencrypted("postgres:///d", Some("db"), None), db);
        assert_eq!(unencrypted("postgres:///d", Some("/run"), None), None);
        assert_eq!(
            unencrypted("postgres://localhost/d", Some("db"), None),
            None
        );
        assert_eq!(
            unencrypted("postgres:///d", Some("db"), Some("require")),
            None
        );
        assert_eq!(
            unencrypted("postgres://db/d", None, Some("verify-full")),
            None
        );
        let overridden = "postgres://db/d?sslmode=prefer";
        assert_eq!(unencrypted(overridden, None, Some("require")), db);
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

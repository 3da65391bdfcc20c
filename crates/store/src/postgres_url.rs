//! The URL of a PostgreSQL server, read as libpq reads it ("Connection URIs" in its documentation), but
//! more strictly: libpq would take parts of a password with unescaped special characters for a host or a
//! port, and quote them in its messages.

mod parameters;
mod tls;

use std::fmt;
use std::net::Ipv6Addr;

use thiserror::Error;

pub use tls::LibpqDefaults;

/// A URL for libpq: `postgres://user:password@hosts/database?parameters`. Shown without the user and
/// the parameters, because both may contain a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    /// With the `@`, or empty.
    user_info: String,
    /// The hosts with their ports, and the database.
    place: String,
    /// The decoded hosts, without the ports; one empty host if the URL has none.
    hosts: Vec<String>,
    /// Decoded, in their order: of several with one name, the last counts.
    parameters: Vec<(String, String)>,
}

/// Why a text is not the URL of a PostgreSQL server. Quotes nothing that may be part of a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidPostgresUrl {
    /// More than one `@`, or one behind the authority.
    #[error(
        "there is an @ in the wrong place; in a user name or password, write %40 for @, %2F for /, %3A for :, %3F for ?, \
         %23 for # and %25 for %"
    )]
    At,
    /// A `%` that begins no escape, or the escape of a zero byte or of no UTF-8.
    #[error(
        "there is a % that is not followed by two hexadecimal digits of UTF-8; write %25 for % itself"
    )]
    Escape,
    /// A port that is no number from 1 to 65535.
    #[error(
        "a port is not a number from 1 to 65535; if it is part of a password, write %40 for the @ and \
         %2F for a / in the password"
    )]
    Port,
    /// No name or address of a host.
    #[error(
        "a host is neither a name nor an address; if it is part of a password, \
         percent-encode the special characters in the password"
    )]
    Host,
    /// A parameter without `=`.
    #[error("a parameter has no value; write name=value, and %26 for & in a value")]
    NoValue,
    /// A parameter that libpq does not know. It is not named if it may be the rest of a password.
    #[error("libpq does not know a parameter{}", .0.as_deref().unwrap_or_default())]
    Unknown(Option<String>),
    /// `service`.
    #[error(
        "the parameter service is not supported; write what the service file says into the URL, where it can be checked"
    )]
    Service,
}

impl PostgresUrl {
    /// Reads what stands after `postgres://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, InvalidPostgresUrl> {
        // As in libpq, the user information ends at an @ before the first slash.
        let authority = rest.find('/').unwrap_or(rest.len());
        let user_info = rest[..authority].find('@').map_or(0, |at| at + 1);
        let (user_info, rest) = rest.split_at(user_info);
        if rest.contains('@') {
            return Err(InvalidPostgresUrl::At);
        }
        decode(user_info)?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
        decode(database)?;
        Ok(Self {
            user_info: user_info.to_owned(),
            place: place.to_owned(),
            hosts: split_hosts(hosts)?,
            parameters: parameters::parse(query)?,
        })
    }

    /// For libpq, with limits on how long to wait for an unreachable server, unless there are some.
    pub(crate) fn with_timeouts(&self) -> String {
        // For a server that disappears before it has read a query, and for one that does so afterwards.
        let timeouts = [
            ("connect_timeout", "5"),
            ("tcp_user_timeout", "10000"),
            ("keepalives_idle", "5"),
            ("keepalives_interval", "2"),
            ("keepalives_count", "3"),
        ];
        let given = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let missing = timeouts
            .into_iter()
            .filter(|(name, _)| self.parameter(name).is_none());
        let pairs: Vec<_> = given
            .chain(missing)
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        format!(
            "postgres://{}{}?{}",
            self.user_info,
            self.place,
            pairs.join("&")
        )
    }

    fn parameter(&self, wanted: &str) -> Option<&str> {
        let mut values = self.parameters.iter().filter(|(name, _)| name == wanted);
        values.next_back().map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}", self.place)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The hosts of `host:port,host:port`.
fn split_hosts(text: &str) -> Result<Vec<String>, InvalidPostgresUrl> {
    text.split(',').map(host_without_port).collect()
}

fn host_without_port(text: &str) -> Result<String, InvalidPostgresUrl> {
    let (host, port) = match text.strip_prefix('[') {
        Some(text) => {
            let (address, port) = text.split_once(']').ok_or(InvalidPostgresUrl::Host)?;
            let host = decode(address)?;
            let address = host.split('%').next().unwrap_or_default();
            address
                .parse::<Ipv6Addr>()
                .map_err(|_| InvalidPostgresUrl::Host)?;
            (host, port)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let host = decode(&text[..end])?;
            let is_socket = host.starts_with(['/', '@']);
            let is_name = |c: char| c.is_alphanumeric() || "-._".contains(c);
            if !is_socket && !host.chars().all(is_name) {
                return Err(InvalidPostgresUrl::Host);
            }
            (host, &text[end..])
        }
    };
    let is_port = |digits: &str| {
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u16>().is_ok_and(|port| port > 0)
    };
    match port.strip_prefix(':') {
        Some(digits) if digits.is_empty() || is_port(digits) => Ok(host),
        None if port.is_empty() => Ok(host),
        _ => Err(InvalidPostgresUrl::Port),
    }
}

/// Decodes percent-encoding (RFC 3986 §2.1).
fn decode(text: &str) -> Result<String, InvalidPostgresUrl> {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| !digits.starts_with('+'));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(
            byte.filter(|byte| *byte != 0)
                .ok_or(InvalidPostgresUrl::Escape)?,
        );
        decoded.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(decoded).map_err(|_| InvalidPostgresUrl::Escape)
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3).
fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn parse(url: &str) -> Result<PostgresUrl, InvalidPostgresUrl> {
        PostgresUrl::parse(url.strip_prefix("postgres://").unwrap())
    }

    #[test]
    fn a_password_never_prints() {
        for url in [
            "postgres://me:s3cret@host:5432/db",
            "postgres://me:s3cret@a,b/db?sslmode=require",
            "postgres://host/db?user=me&password=s3cret",
            "postgres://me:s3c?ret@host/db",
            "postgres://me:s3c#s3cret@host/db",
        ] {
            let shown = format!("{0} {0:?}", parse(url).unwrap());
            assert!(!shown.contains("s3c"), "{shown}");
            assert!(shown.contains("/db"), "{shown}");
        }
    }

    #[test]
    fn special_characters_in_a_password_are_explained_and_not_quoted() {
        for (url, why) in [
            ("postgres://me:s3c@ret@host/db", InvalidPostgresUrl::At),
            ("postgres://me:s3c/ret@host/db", InvalidPostgresUrl::At),
            ("postgres://me:123/s3cret@host/db", InvalidPostgresUrl::At),
            (
                "postgres://me:123/s3c?ret=1@host/db",
                InvalidPostgresUrl::At,
            ),
            ("postgres://me:s3c#r/et@host/db", InvalidPostgresUrl::At),
            ("postgres://me:s3%cret@host/db", InvalidPostgresUrl::Escape),
            ("postgres://me:s3cret%@host/db", InvalidPostgresUrl::Escape),
            (
                "postgres://me:s3%00cret@host/db",
                InvalidPostgresUrl::Escape,
            ),
            ("postgres://me:s3cret", InvalidPostgresUrl::Port),
            ("postgres://me:s3c/ret", InvalidPostgresUrl::Port),
            ("postgres://me:s3c#ret/db", InvalidPostgresUrl::Port),
            ("postgres://me@s3c#ret/db", InvalidPostgresUrl::Host),
            (
                "postgres://h/db?user=me&password=s3c&ret=x",
                InvalidPostgresUrl::Unknown(None),
            ),
            (
                "postgres://h/db?password=s3c&ret",
                InvalidPostgresUrl::NoValue,
            ),
        ] {
            let refused = parse(url).unwrap_err();
            assert_eq!(refused, why, "{url}");
            let said = refused.to_string();
            for part in ["s3c", "ret", "123"] {
                assert!(!said.contains(part), "{said}");
            }
        }
    }

    #[test]
    fn hosts_and_ports_are_read_as_libpq_does() {
        for (url, hosts) in [
            ("postgres:///d", &[""][..]),
            ("postgres://", &[""]),
            ("postgres://u:p@", &[""]),
            ("postgres://a:1,b:2,/d", &["a", "b", ""]),
            ("postgres://a:/d", &["a"]),
            ("postgres://[::1]:5432/d", &["::1"]),
            ("postgres://[fe80::1%25eth0]/d", &["fe80::1%eth0"]),
            (
                "postgres://%2Fvar%2Frun%2Fpostgresql:5433/d",
                &["/var/run/postgresql"],
            ),
            (
                "postgres://u%40x:p%2F@db_1.example.org?sslmode=require",
                &["db_1.example.org"],
            ),
        ] {
            assert_eq!(parse(url).unwrap().hosts, hosts, "{url}");
        }
        for (url, why) in [
            ("postgres://a:0/d", InvalidPostgresUrl::Port),
            ("postgres://a:65536/d", InvalidPostgresUrl::Port),
            ("postgres://a:+1/d", InvalidPostgresUrl::Port),
            ("postgres://[::1]5432/d", InvalidPostgresUrl::Port),
            ("postgres://[::1/d", InvalidPostgresUrl::Host),
            ("postgres://[localhost]/d", InvalidPostgresUrl::Host),
            ("postgres://a b/d", InvalidPostgresUrl::Host),
        ] {
            assert_eq!(parse(url).unwrap_err(), why, "{url}");
        }
    }

    #[test]
    fn timeouts_are_added_where_there_are_none() {
        let rest =
            "tcp_user_timeout=10000&keepalives_idle=5&keepalives_interval=2&keepalives_count=3";
        for (url, expected) in [
            (
                "postgres://h/d",
                format!("postgres://h/d?connect_timeout=5&{rest}"),
            ),
            (
                "postgres://h/d?&",
                format!("postgres://h/d?connect_timeout=5&{rest}"),
            ),
            (
                "postgres://u:p?@h/d",
                format!("postgres://u:p?@h/d?connect_timeout=5&{rest}"),
            ),
            (
                "postgres://h/d?connect_timeout=1",
                format!("postgres://h/d?connect_timeout=1&{rest}"),
            ),
            (
                "postgres://h?options=-c%20search_path%3Da&connect%5ftimeout=1",
                format!("postgres://h?options=-c%20search_path%3Da&connect_timeout=1&{rest}"),
            ),
        ] {
            assert_eq!(parse(url).unwrap().with_timeouts(), expected);
        }
    }
}

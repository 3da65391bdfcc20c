//! Whether a connection is sure to be encrypted.

use std::net::IpAddr;

use super::PostgresUrl;

/// What libpq takes from the environment where the URL says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibpqDefaults {
    /// `PGHOST`.
    pub host: Option<String>,
    /// `PGHOSTADDR`.
    pub host_address: Option<String>,
    /// `PGSSLMODE`.
    pub ssl_mode: Option<String>,
}

impl PostgresUrl {
    /// The host of a server on another machine to which the connection may be unencrypted: libpq falls back
    /// to that unless `sslmode` requires TLS.
    pub fn unencrypted_host(&self, defaults: &LibpqDefaults) -> Option<String> {
        let mode = self.parameter("sslmode").or(defaults.ssl_mode.as_deref());
        if ["require", "verify-ca", "verify-full"].contains(&mode.unwrap_or("prefer")) {
            return None;
        }
        let of_the_url = || match self.hosts.as_slice() {
            [host] if host.is_empty() => None,
            hosts => Some(hosts.join(",")),
        };
        let hosts = self.parameter("host").map(str::to_owned);
        let hosts = hosts.or_else(of_the_url).or_else(|| defaults.host.clone());
        let hosts = hosts.unwrap_or_default();
        let addresses = self
            .parameter("hostaddr")
            .or(defaults.host_address.as_deref());
        // An address counts before the host at the same place; libpq wants as many of them.
        let mut addresses = addresses.unwrap_or_default().split(',');
        hosts
            .split(',')
            .map(|host| match addresses.next() {
                Some(address) if !address.is_empty() => address,
                _ => host,
            })
            .find(|host| !is_local(host))
            .map(str::to_owned)
    }
}

/// Whether it is this machine, or a socket.
fn is_local(host: &str) -> bool {
    let is_socket = host.starts_with(['/', '@']);
    let is_loopback = host
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    host.is_empty() || is_socket || is_loopback || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use super::*;

    fn unencrypted(url: &str, defaults: &LibpqDefaults) -> Option<String> {
        parse(url).unwrap().unencrypted_host(defaults)
    }

    #[test]
    fn a_connection_to_another_machine_that_may_be_unencrypted_is_found() {
        let unencrypted = |url| unencrypted(url, &LibpqDefaults::default());
        for url in [
            "postgres:///d",
            "postgres://u@/d?host=/var/run/postgresql",
            "postgres://%2Fvar%2Frun%2Fpostgresql/d",
            "postgres://u:p@localhost:5432/d",
            "postgres://127.0.0.2/d",
            "postgres://[::1]:5432/d",
            "postgres://db/d?sslmode=require",
            "postgres://db/d?ssl=true",
            "postgres://a,b:5433/d?target_session_attrs=primary&sslmode=verify-full",
            "postgres://db/d?sslmode=disable&sslmode=verify-ca",
            "postgres://db/d?%73slmode=require",
            "postgres://localhost/d?hostaddr=",
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
            ("postgres:///d?%68ost=db", "db"),
            ("postgres:///d?host=localhost,db", "db"),
            ("postgres://localhost/d?hostaddr=10.0.0.7", "10.0.0.7"),
            ("postgres://localhost/d?host%61ddr=10.0.0.7", "10.0.0.7"),
            ("postgres://db/d?hostaddr=", "db"),
            ("postgres://a,db/d?hostaddr=127.0.0.1,", "db"),
            ("postgres://db/d?sslmode=verify-full&sslmode=disable", "db"),
            (
                "postgres://db/d?sslmode=verify-full&%73slmode=disable",
                "db",
            ),
            ("postgres://db/d?sslmode=", "db"),
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
        let environment = |host: &str, address: &str, mode: &str| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            LibpqDefaults {
                host: given(host),
                host_address: given(address),
                ssl_mode: given(mode),
            }
        };
        for (url, environment, host) in [
            ("postgres:///d", environment("db", "", ""), Some("db")),
            ("postgres:///d", environment("/run", "", ""), None),
            ("postgres:///d", environment("db", "", "require"), None),
            (
                "postgres:///d",
                environment("localhost", "10.0.0.7", ""),
                Some("10.0.0.7"),
            ),
            ("postgres://localhost/d", environment("db", "", ""), None),
            (
                "postgres://localhost/d",
                environment("", "10.0.0.7", ""),
                Some("10.0.0.7"),
            ),
            (
                "postgres://localhost/d?hostaddr=127.0.0.1",
                environment("", "10.0.0.7", ""),
                None,
            ),
            ("postgres://db/d", environment("", "", "verify-full"), None),
            (
                "postgres://db/d?sslmode=prefer",
                environment("", "", "require"),
                Some("db"),
            ),
        ] {
            assert_eq!(
                unencrypted(url, &environment).as_deref(),
                host,
                "{url} {environment:?}"
            );
        }
    }
}

use super::{InvalidPostgresUrl, decode};

/// The parameters that libpq 18 knows ("Parameter Key Words" in its documentation); an older one names
/// those that it does not.
const KNOWN: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Those whose value is secret. What follows one may be the rest of it, behind an unescaped `&`.
const SECRET: &[&str] = &[
    "password",
    "scram_client_key",
    "scram_server_key",
    "sslpassword",
];

/// Parameters of other drivers, and what to do instead.
fn advice(name: &str) -> &'static str {
    match name {
        "pgbouncer" | "statement_cache_size" | "prepareThreshold" => {
            "; set SYMBOLON_PREPARED_STATEMENTS=off instead"
        }
        "schema" | "search_path" | "currentSchema" => {
            "; write options=-c%20search_path%3Dname instead"
        }
        "connection_limit" | "pool_size" | "max_connections" => {
            "; set SYMBOLON_DATABASE_CONNECTIONS instead"
        }
        "pool_timeout" | "socket_timeout" | "statement_timeout" => {
            "; set SYMBOLON_DATABASE_TIMEOUT instead"
        }
        "sslaccept" => "; use sslmode instead",
        _ => "",
    }
}

/// The decoded parameters of `name=value&name=value`. Empty ones are skipped.
pub(super) fn parse(query: &str) -> Result<Vec<(String, String)>, InvalidPostgresUrl> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(InvalidPostgresUrl::NoValue)?;
        let (name, value) = (decode(name)?, decode(value)?);
        if name == "service" {
            return Err(InvalidPostgresUrl::Service);
        }
        if !KNOWN.contains(&name.as_str()) {
            let follows_a_secret = parameters
                .iter()
                .any(|(name, _)| SECRET.contains(&name.as_str()));
            let named = || format!(": {}{}", name.escape_debug(), advice(&name));
            return Err(InvalidPostgresUrl::Unknown((!follows_a_secret).then(named)));
        }
        // libpq's concession to JDBC.
        parameters.push(match (name.as_str(), value.as_str()) {
            ("ssl", "true") => ("sslmode".to_owned(), "require".to_owned()),
            _ => (name, value),
        });
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded_and_empty_parameters_are_skipped() {
        let pairs = |query| {
            let pairs = parse(query).unwrap();
            let text = |(name, value)| format!("{name}: {value}");
            pairs.into_iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(pairs(""), [""; 0]);
        assert_eq!(pairs("&&"), [""; 0]);
        assert_eq!(
            pairs("options=-c%20a%3Db&&%68ost=%2Frun&ssl=true"),
            ["options: -c a=b", "host: /run", "sslmode: require"]
        );
    }

    #[test]
    fn unknown_parameters_are_named_with_what_to_do_instead() {
        for (query, said) in [
            (
                "pgbouncer=true",
                "pgbouncer; set SYMBOLON_PREPARED_STATEMENTS=off instead",
            ),
            (
                "sslmode=require&schema=auth",
                "schema; write options=-c%20search_path%3Dname instead",
            ),
            ("SSLMODE=require", "SSLMODE"),
            ("%1b[31m=x", "\\u{1b}[31m"),
        ] {
            let message = parse(query).unwrap_err().to_string();
            assert!(
                message.ends_with(&format!("does not know a parameter: {said}")),
                "{message}"
            );
        }
        assert_eq!(parse("service=prod"), Err(InvalidPostgresUrl::Service));
        assert_eq!(parse("%73ervice=prod"), Err(InvalidPostgresUrl::Service));
        assert_eq!(parse("sslmode"), Err(InvalidPostgresUrl::NoValue));
    }
}

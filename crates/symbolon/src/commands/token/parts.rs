use std::time::Duration;

use identity::base64url;
use identity::clock::rfc3339;
use serde_json::{Map, Value};
use store::UnixMillis;

use crate::commands::output;

/// The decoded parts of a token, not verified.
pub(super) struct Parts {
    pub(super) header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
}

impl Parts {
    pub(super) fn decode(token: &str) -> Result<Self, String> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, _signature] = parts[..] else {
            return Err(format!(
                "not a JWT: expected three parts separated by dots, found {}",
                parts.len()
            ));
        };
        let part = |name: &str, part: &str| {
            let bytes = base64url::decode(part).ok_or(format!("its {name} is not base64url"))?;
            serde_json::from_slice(&bytes).map_err(|_| format!("its {name} is not a JSON object"))
        };
        Ok(Self {
            header: part("header", header)?,
            claims: part("payload", claims)?,
        })
    }

    pub(super) fn describe(&self, now: UnixMillis) -> String {
        let section = |title: &str, members: &Map<String, Value>| {
            let members = members.iter().map(|(name, value)| {
                let (shown, value) = (output::plain(name), output::plain(&value.to_string()));
                format!("  {shown:10} {value}{}", as_time(name, members, now))
            });
            [vec![title.to_owned()], members.collect()]
                .concat()
                .join("\n")
        };
        format!(
            "{}\n{}",
            section("header", &self.header),
            section("claims", &self.claims)
        )
    }
}

/// A claim that is a time, for people.
fn as_time(name: &str, members: &Map<String, Value>, now: UnixMillis) -> String {
    let times = ["exp", "iat", "nbf", "auth_time"];
    let seconds = members.get(name).and_then(Value::as_i64);
    let (Some(seconds), true) = (seconds, times.contains(&name)) else {
        return String::new();
    };
    let at = UnixMillis::from_millis(seconds.saturating_mul(1000));
    let distance = match at > now {
        true => format!(
            "in {}",
            humantime::format_duration(whole_seconds(at.since(now)))
        ),
        false => format!(
            "{} ago",
            humantime::format_duration(whole_seconds(now.since(at)))
        ),
    };
    format!("  {} ({distance})", rfc3339(at))
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs())
}

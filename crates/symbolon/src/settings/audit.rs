//! `SYMBOLON_AUDIT_RETENTION`, `SYMBOLON_LOG_FORMAT`, `SYMBOLON_REPLICA`.

use std::time::Duration;

use clap::Args;

use super::{Mistakes, duration};
use crate::log_format::LogFormat;

/// The settings of the audit trail and the log, as text.
#[derive(Args, Clone)]
pub(super) struct AuditArgs {
    /// How long events of the audit trail are kept in the database; 0s keeps them for ever
    #[arg(
        long,
        env = "SYMBOLON_AUDIT_RETENTION",
        value_name = "TIME",
        default_value = "90d"
    )]
    audit_retention: String,

    /// The format of the log: text for people, json for programs
    #[arg(
        long,
        env = "SYMBOLON_LOG_FORMAT",
        value_name = "text|json",
        default_value = "text"
    )]
    log_format: String,

    /// The name of this replica in the log and in events [default: the host name]
    #[arg(long, env = "SYMBOLON_REPLICA", value_name = "NAME")]
    replica: Option<String>,
}

/// Maximum length of the name of a replica, in bytes.
const MOST_NAME: usize = 64;

/// The settings of the audit trail and the log.
#[derive(Clone, Debug)]
pub(super) struct Audit {
    /// How long events are kept; `None` is for ever.
    pub(super) retention: Option<Duration>,
    /// The format of the log.
    pub(super) log_format: LogFormat,
    /// The name of this replica.
    pub(super) replica: String,
}

impl AuditArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Audit> {
        let retention = duration(&self.audit_retention, Duration::ZERO);
        let retention = mistakes.note("SYMBOLON_AUDIT_RETENTION", &self.audit_retention, retention);
        let log_format = match self.log_format.as_str() {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("must be text or json"),
        };
        let log_format = mistakes.note("SYMBOLON_LOG_FORMAT", &self.log_format, log_format);
        let replica = self.replica.unwrap_or_else(host_name);
        let is_name = (1..=MOST_NAME).contains(&replica.len())
            && replica.bytes().all(|byte| byte.is_ascii_graphic());
        let named = is_name
            .then(|| replica.clone())
            .ok_or("must have 1 to 64 visible ASCII characters");
        let replica = mistakes.note("SYMBOLON_REPLICA", &replica, named);
        Some(Audit {
            replica: replica?,
            retention: retention.filter(|time| !time.is_zero()),
            log_format: log_format?,
        })
    }
}

/// Where it has none, the service still needs a name.
fn host_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_str().unwrap_or_default();
    match name.is_empty() {
        true => "symbolon".to_owned(),
        false => name.to_owned(),
    }
}

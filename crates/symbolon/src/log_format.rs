//! The format of the log: text for people, or one JSON object per line for programs.

use std::io::{self, Write};

use env_logger::fmt::Formatter;
use identity::clock::{Clock, SystemClock, rfc3339};
use identity::request_id;
use log::Record;
use log::kv::{Error, Key, Value, VisitSource};
use serde_json::Map;

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// What the service logs unless `RUST_LOG` says otherwise.
pub(crate) const SERVICE: &str = "info,actix_server=warn,actix_http=off";

/// What commands log unless `RUST_LOG` says otherwise: their output says what they did.
pub(crate) const COMMAND: &str = "warn,symbolon::audit=off";

/// Starts the log of a command.
pub(crate) fn start(default_filter: &str) {
    let filter = env_logger::Env::default().default_filter_or(default_filter);
    env_logger::Builder::from_env(filter).init();
}

/// Starts the log of a replica: each line names it, and the request that it is about.
pub(crate) fn start_replica(format: LogFormat, replica: String, default_filter: &str) {
    let filter = env_logger::Env::default().default_filter_or(default_filter);
    let mut builder = env_logger::Builder::from_env(filter);
    match format {
        LogFormat::Json => builder.format(move |out, record| {
            let at = out.timestamp_millis().to_string();
            writeln!(out, "{}", json(at, record, &replica))
        }),
        LogFormat::Text => builder.format(move |out, record| text(out, record, &replica)),
    };
    builder.init();
}

/// As env_logger has it, with the replica and the request at the end.
fn text(out: &mut Formatter, record: &Record<'_>, replica: &str) -> io::Result<()> {
    let (at, level) = (out.timestamp(), record.level());
    let style = out.default_level_style(level);
    write!(
        out,
        "[{at} {style}{level:<5}{style:#} {}] {} replica={replica}",
        record.target(),
        record.args()
    )?;
    match request_id::current() {
        Some(id) => writeln!(out, " request={id}"),
        None => writeln!(out),
    }
}

/// From now on a panic is one line of the log.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.as_deref().unwrap_or("an unknown place");
        let what = panic.payload_as_str().unwrap_or("panicked");
        let what = what.replace(['\r', '\n'], " ");
        log::error!(target: "symbolon::panic", place; "a bug, at {place}: {what}");
    }));
}

/// The beginning of a line that does not come from the log.
pub(crate) fn line(replica: &str) -> serde_json::Value {
    serde_json::json!({
        "at": rfc3339(SystemClock.now()),
        "level": "info",
        "target": "symbolon",
        "replica": replica,
    })
}

fn json(at: String, record: &Record<'_>, replica: &str) -> serde_json::Value {
    let mut line = Map::new();
    line.insert("at".to_owned(), at.into());
    line.insert(
        "level".to_owned(),
        record.level().as_str().to_lowercase().into(),
    );
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    // Inserting cannot fail. Clients never choose the names, only values.
    let _ = record.key_values().visit(&mut Members(&mut line));
    line.insert("replica".to_owned(), replica.into());
    if let Some(id) = request_id::current() {
        line.insert("request".to_owned(), id.as_str().into());
    }
    line.into()
}

struct Members<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.0.insert(key.to_string(), value.to_string().into());
        Ok(())
    }
}

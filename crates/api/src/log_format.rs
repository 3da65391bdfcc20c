//! How the log is written: for people, or a JSON object each line for programs.

use std::io::Write;

use env_logger::fmt::Formatter;
use log::Record;
use log::kv::{Error, Key, Value, VisitSource};
use serde_json::Map;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object each line.
    Json,
}

/// Starts the log; `RUST_LOG` says what is in it.
pub(crate) fn start(format: LogFormat) {
    let what =
        env_logger::Env::default().default_filter_or("info,actix_server=warn,actix_http=off");
    let mut builder = env_logger::Builder::from_env(what);
    if format == LogFormat::Json {
        builder.format(|out, record| {
            let at = out.timestamp_millis().to_string();
            let line = json(at, record);
            writeln!(out as &mut Formatter, "{line}")
        });
    }
    builder.init();
}

fn json(at: String, record: &Record<'_>) -> serde_json::Value {
    let mut line = Map::new();
    line.insert("at".to_owned(), at.into());
    line.insert(
        "level".to_owned(),
        record.level().as_str().to_lowercase().into(),
    );
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    // They cannot fail, and stand beside the others: no value of a client's is a name.
    let _ = record.key_values().visit(&mut Members(&mut line));
    line.into()
}

struct Members<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.0.insert(key.to_string(), value.to_string().into());
        Ok(())
    }
}

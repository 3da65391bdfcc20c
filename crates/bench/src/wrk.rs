//! wrk, the load generator.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// What the requests are, and what the next one takes from an answer.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Hello,
    Bearer,
    Cookie,
    SimpleJwt,
}

/// A load on one path. With one connection per thread, each follows its own chain of tokens; with
/// more, the same request is repeated.
pub(crate) struct Load<'a> {
    pub(crate) address: &'a str,
    pub(crate) path: &'a str,
    pub(crate) kind: Kind,
    /// Distributed over the threads.
    pub(crate) tokens: &'a [String],
    pub(crate) threads: usize,
    pub(crate) connections: usize,
}

pub(crate) fn is_installed() -> Result<(), String> {
    let mut version = Command::new("wrk");
    let version = version.arg("--version").stdout(Stdio::null());
    version
        .status()
        .map(drop)
        .map_err(|_| "wrk is not installed".into())
}

impl Load<'_> {
    /// The requests per second; an error if any request failed.
    pub(crate) fn run(&self, time: Duration) -> Result<f64, String> {
        self.run_and_keep(time).map(|(rate, _)| rate)
    }

    /// The same, with the tokens at the end.
    pub(crate) fn run_and_keep(&self, time: Duration) -> Result<(f64, Vec<String>), String> {
        let mut file = tempfile::NamedTempFile::new().map_err(|why| why.to_string())?;
        let tokens = match self.tokens {
            [] => vec!["-"; self.threads].join("\n"),
            tokens => tokens.join("\n"),
        };
        file.write_all(tokens.as_bytes())
            .map_err(|why| why.to_string())?;
        let kind = match self.kind {
            Kind::Hello => "hello",
            Kind::Bearer => "bearer",
            Kind::Cookie => "cookie",
            Kind::SimpleJwt => "simplejwt",
        };
        let script = match self.connections == self.threads {
            true => concat!(env!("CARGO_MANIFEST_DIR"), "/wrk/chain.lua"),
            false => concat!(env!("CARGO_MANIFEST_DIR"), "/wrk/fixed.lua"),
        };
        let threads = self.threads.to_string();
        let output = Command::new("wrk")
            .args(["-t", &threads, "-c", &self.connections.to_string()])
            .args(["-d", &format!("{}s", time.as_secs()), "--timeout", "30s"])
            .args(["-s", script])
            .arg(format!("http://{}/", self.address))
            .args(["--", kind, self.path])
            .arg(file.path())
            .arg(&threads)
            .output()
            .map_err(|why| format!("wrk: {why}"))?;
        let output = String::from_utf8_lossy(&output.stdout);
        let line = output.lines().find(|line| line.starts_with('{'));
        let summary: Value = line
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| format!("unexpected output of wrk: {output}"))?;
        let number = |name: &str| summary[name].as_f64().unwrap_or_default();
        if number("failed") > 0.0 || number("requests") == 0.0 {
            return Err(format!("{}: {summary}", self.path));
        }
        let after = std::fs::read_to_string(file.path()).map_err(|why| why.to_string())?;
        let rate = number("requests") / number("micros") * 1e6;
        Ok((rate, after.lines().map(str::to_owned).collect()))
    }
}

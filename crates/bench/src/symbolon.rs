//! The program itself, built in release mode.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::hello::wrapped;

pub(crate) fn build() -> Result<(), String> {
    if cfg!(debug_assertions) {
        return Err("run the benchmarks with --release".into());
    }
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--release", "--package", "symbolon"])
        .status();
    match built.is_ok_and(|status| status.success()) {
        true => Ok(()),
        false => Err("building symbolon failed".into()),
    }
}

/// It is next to this program.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    own.with_file_name("symbolon")
}

/// A running service.
pub(crate) struct Symbolon {
    child: Child,
    pub(crate) address: String,
    directory: TempDir,
}

/// The user whose sessions are opened.
pub(crate) const USER: &str = "7";

/// Their password, if they have one.
pub(crate) const PASSWORD: &str = "correct horse battery";

impl Symbolon {
    /// Every renewal rotates, and the grace period covers a thread that stopped in the middle.
    pub(crate) fn start(database_url: Option<&str>, algorithm: &str) -> Result<Self, String> {
        Self::start_under(&[], database_url, algorithm)
    }

    /// Starts it as the argument of another program.
    pub(crate) fn start_under(
        wrapper: &[String],
        database_url: Option<&str>,
        algorithm: &str,
    ) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|why| why.to_string())?;
        let command = |wrapper: &[String]| {
            let mut command = wrapped(wrapper, program());
            command.env_clear().current_dir(directory.path());
            without_limits(&mut command);
            if let Some(url) = database_url {
                command.env("DATABASE_URL", url);
            }
            command
        };
        let migrate = command(&[]).arg("migrate").stdout(Stdio::null()).status();
        migrate.map_err(|why| format!("symbolon: {why}"))?;
        let add = [
            "user",
            "add",
            "--id",
            USER,
            "--name",
            "Ann",
            "--no-password",
        ];
        command(&[])
            .args(add)
            .args(["--email", "ann@example.org"])
            .output()
            .map_err(|why| format!("symbolon: {why}"))
            .and_then(added)?;
        let mut service = command(wrapper);
        service
            .args(["--trusted-issuers=127.0.0.1/32"])
            .args(["--access-ttl=1h", "--signing-alg", algorithm])
            .args(["--rotation-grace=0s", "--late-replay-every=1ms"]);
        Self::run(&mut service, directory)
    }

    fn run(service: &mut Command, directory: TempDir) -> Result<Self, String> {
        let mut child = service
            .arg("--listen=127.0.0.1:0")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| format!("symbolon: {why}"))?;
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("it is piped");
        let read = BufReader::new(out).read_line(&mut line);
        read.map_err(|why| why.to_string())?;
        Ok(Self {
            child,
            address: line
                .trim()
                .rsplit(' ')
                .next()
                .unwrap_or_default()
                .to_owned(),
            directory,
        })
    }

    /// Starts it with a user who has a password, with the default limits or without limits.
    pub(crate) fn start_with_password(arguments: &[&str], limits: bool) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|why| why.to_string())?;
        let command = || {
            let mut command = Command::new(program());
            command.env_clear().current_dir(directory.path());
            if !limits {
                without_limits(&mut command);
            }
            command
        };
        let migrate = command().arg("migrate").stdout(Stdio::null()).status();
        migrate.map_err(|why| format!("symbolon: {why}"))?;
        let mut add = command()
            .args(["user", "add", "--name", "Ann", "--email", "ann@example.org"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|why| format!("symbolon: {why}"))?;
        let typed = add
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(PASSWORD.as_bytes()));
        typed.transpose().map_err(|why| why.to_string())?;
        add.wait().map_err(|why| why.to_string())?;
        Self::run(command().args(arguments), directory)
    }

    /// Signs the user in, on a known device or a new one; returns the refresh token and the device token.
    pub(crate) fn sign_in(&self, device: Option<&str>) -> Result<Option<(String, String)>, String> {
        let url = format!("http://{}/api/login", self.address);
        let body = json!({ "email": "ann@example.org", "password": PASSWORD });
        let call = agent().post(url).header("content-type", "application/json");
        let call = call.header("x-forwarded-for", "10.2.0.1");
        let call = call.header(
            "cookie",
            format!("knownDevice={}", device.unwrap_or_default()),
        );
        let answer = match call.send(body.to_string()) {
            Ok(answer) => answer,
            Err(ureq::Error::StatusCode(_)) => return Ok(None),
            Err(why) => return Err(why.to_string()),
        };
        let cookies = answer.headers().get_all("set-cookie").iter();
        let mut values = cookies.filter_map(|cookie| {
            let cookie = cookie.to_str().ok()?;
            cookie.split(['=', ';']).nth(1).map(str::to_owned)
        });
        Ok(values.next().zip(values.next()))
    }

    /// Opens sessions, and returns their refresh tokens.
    pub(crate) fn open(&self, sessions: usize) -> Result<Vec<String>, String> {
        let agent = agent();
        (0..sessions)
            .map(|_| self.open_one(&agent))
            .map(|one| one.map(|(_, cookie)| cookie))
            .collect()
    }

    /// An access token.
    pub(crate) fn access_token(&self) -> Result<String, String> {
        self.open_one(&agent()).map(|(access, _)| access)
    }

    fn open_one(&self, agent: &ureq::Agent) -> Result<(String, String), String> {
        let mut answer = agent
            .post(format!("http://{}/api/tokens", self.address))
            .header("content-type", "application/json")
            .send(r#"{"id":7}"#)
            .map_err(|why| format!("a session is not opened: {why}"))?;
        let cookie = answer
            .headers()
            .get("set-cookie")
            .and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(['=', ';']).nth(1));
        let cookie = cookie.ok_or("a session without a cookie")?.to_owned();
        let body = answer
            .body_mut()
            .read_to_vec()
            .map_err(|why| why.to_string())?;
        let body: Value = serde_json::from_slice(&body).map_err(|why| why.to_string())?;
        let access = body["token"].as_str().unwrap_or_default().to_owned();
        Ok((access, cookie))
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory, in MiB.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    }

    /// Where its embedded database is.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

fn without_limits(command: &mut Command) {
    let limits = [
        "SIGN_IN",
        "ACCOUNT",
        "REGISTRATION",
        "SERVICE_KEYS",
        "CALLS",
    ];
    for limit in limits {
        command.env(format!("SYMBOLON_LIMIT_{limit}"), "off");
    }
    // All clients are one user.
    command.env("SYMBOLON_SESSIONS_PER_USER", "0");
}

/// Adds the user; it may already exist.
fn added(output: Output) -> Result<(), String> {
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() || said.contains("another user has this id") {
        true => Ok(()),
        false => Err(said.into_owned()),
    }
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().proxy(None).build().into()
}

impl Drop for Symbolon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

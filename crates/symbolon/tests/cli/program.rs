use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program in an empty working directory, with an empty environment.
pub(crate) struct Program {
    directory: TempDir,
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// With a database that no service has started on.
    pub(crate) fn migrated() -> Self {
        let program = Self::new();
        let migrated = program.run(&["migrate"]);
        assert_eq!(migrated.code, 0, "{}", migrated.err);
        program
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_symbolon"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.directory());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with_input(arguments, "")
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input may be gone by now.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Adds Ann, whose id is 7, and makes a service key that opens sessions for her.
    pub(crate) fn service_key_for_ann(&self) -> String {
        assert_eq!(self.run(&["migrate"]).code, 0);
        let add = [
            "user",
            "add",
            "--id=7",
            "--name=Ann",
            "--email=ann@example.org",
            "--no-password",
        ];
        assert_eq!(self.run(&add).code, 0);
        let create = [
            "service-key",
            "create",
            "--name=test",
            "--scope=tokens:issue",
        ];
        self.run(&create).out.trim().to_owned()
    }

    /// Starts the service on a free port.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_with(&[], arguments)
    }

    /// Starts it with variables of the environment.
    pub(crate) fn start_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Running {
        let log = self.directory().join("log");
        let mut log_file = File::options();
        let log_file = log_file.create(true).append(true).open(&log).unwrap();
        // A limit on the size of files is then an error, not the end.
        let ignoring = "trap '' XFSZ; exec \"$0\" \"$@\"";
        let mut child = Command::new("sh")
            .args(["-c", ignoring, env!("CARGO_BIN_EXE_symbolon")])
            .args(arguments)
            .env_clear()
            .current_dir(self.directory())
            .env("SYMBOLON_LISTEN", "127.0.0.1:0")
            // All clients of a test have one address.
            .env("SYMBOLON_LIMIT_SIGN_IN", "off")
            .env("SYMBOLON_LIMIT_ACCOUNT", "off")
            .env("SYMBOLON_LIMIT_REGISTRATION", "off")
            .env("SYMBOLON_LIMIT_SERVICE_KEYS", "off")
            .env("SYMBOLON_LIMIT_CALLS", "off")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        out.read_line(&mut first_line).unwrap();
        // In text at the end, in JSON the end of a member.
        let address = first_line.split("listens on ").nth(1).unwrap();
        let address = address.split(['"', '\n']).next().unwrap().to_owned();
        Running {
            child,
            out,
            log,
            first_line,
            address,
        }
    }
}

/// A running service, killed with this value unless it ended before.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    log: PathBuf,
    pub(crate) first_line: String,
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// As a crash does it.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.pid().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it and others in its directory have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for the end, and returns all that was printed after the first line.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }

    pub(crate) fn get(&self, path: &str) -> u16 {
        self.get_with_token(path, "")
    }

    pub(crate) fn get_with_token(&self, path: &str, token: &str) -> u16 {
        let url = format!("http://{}{path}", self.address);
        let call = agent().get(url);
        let call = call.header("authorization", format!("Bearer {token}"));
        call.call().unwrap().status().as_u16()
    }

    /// The tokens that a service key gets: access and refresh.
    pub(crate) fn tokens(&self, service_key: &str, body: &Value) -> (String, String) {
        let call = agent().post(format!("http://{}/api/tokens", self.address));
        let call = call.header("authorization", format!("Bearer {service_key}"));
        let call = call.header("content-type", "application/json");
        let mut answer = call.send(body.to_string()).unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split([';', '=']).nth(1).unwrap().to_owned();
        let body = answer.body_mut().read_to_string().unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        (body["token"].as_str().unwrap().to_owned(), cookie)
    }

    /// Renews, and returns the status.
    pub(crate) fn renew(&self, cookie: &str) -> u16 {
        let call = agent().post(format!("http://{}/api/refresh_all", self.address));
        let call = call.header("cookie", format!("refreshToken={cookie}"));
        call.send_empty().unwrap().status().as_u16()
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        let mut answer = agent()
            .get(format!("http://{}{path}", self.address))
            .call()
            .unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.post_in("en", path, body)
    }

    /// In a browser of this language.
    pub(crate) fn post_in(&self, language: &str, path: &str, body: &Value) -> Value {
        let url = format!("http://{}{path}", self.address);
        let call = agent().post(url).header("content-type", "application/json");
        let call = call.header("accept-language", language);
        let mut answer = call.send(body.to_string()).unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None);
    config.build().into()
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

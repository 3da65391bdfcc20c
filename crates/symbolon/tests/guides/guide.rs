use std::collections::HashMap;
use std::env;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::tour::{Step, steps};

/// A guide that is being followed, in an empty directory. Its servers end with this value.
pub(crate) struct Guide {
    directory: TempDir,
    ports: HashMap<&'static str, String>,
    servers: Vec<Child>,
}

/// The first line of a block of commands that go on until they are ended; then the port.
const SERVER: &str = "# In a shell of its own, on port ";

/// The first line of a block that needs a registry.
const INSTALL: &str = "# From the registry\n";

/// Before the text of a file; then its name.
const FILE: &str = "Save this as `";

impl Guide {
    /// Follows a guide from its beginning to its end: files are saved, servers started, commands
    /// run. Its `ports` are free ones in truth. `None` where it was skipped.
    pub(crate) fn follow(markdown: &str, ports: &[&'static str]) -> Option<Self> {
        let mut guide = Self {
            directory: tempfile::tempdir().unwrap(),
            ports: ports.iter().map(|port| (*port, free_port())).collect(),
            servers: Vec::new(),
        };
        let markdown = guide.with_free_ports(markdown);
        let mut parts = markdown.split("\n```");
        let mut before = parts.next().unwrap();
        while let (Some(block), Some(after)) = (parts.next(), parts.next()) {
            let (language, block) = block.split_once('\n').unwrap();
            let file = before.rsplit_once(FILE).map(|(_, after)| after);
            let file = file.filter(|after| after.trim_end().ends_with("`:"));
            if let Some(name) = file {
                guide.save(name.split('`').next().unwrap(), block);
            } else if let Some(server) = block.strip_prefix(SERVER).filter(|_| language == "sh") {
                let (port, commands) = server.split_once('\n').unwrap();
                guide.start(port, commands);
            } else if language == "sh" {
                let is_install = block.starts_with(INSTALL);
                let block = block.strip_prefix(INSTALL).unwrap_or(block);
                let steps = steps(&format!("```sh\n{block}\n```"));
                match Step::run_all(&steps, guide.shell(), str::to_owned) {
                    Err(why) if is_install => {
                        skip(&why);
                        return None;
                    }
                    went => went.unwrap_or_else(|why| panic!("{why}\n{}", guide.log())),
                }
            }
            before = after;
        }
        Some(guide)
    }

    /// The port that stands for this one of the guide.
    pub(crate) fn port(&self, port: &str) -> &str {
        &self.ports[port]
    }

    /// Runs a command of the test's own, which must succeed, and returns what it prints.
    pub(crate) fn run(&self, command: &str) -> String {
        let mut shell = self.shell();
        let shell = shell.args(["-c", &self.with_free_ports(command)]);
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn with_free_ports(&self, text: &str) -> String {
        let ports = self.ports.iter();
        ports.fold(text.to_owned(), |text, (port, free)| {
            text.replace(port, free)
        })
    }

    fn save(&self, name: &str, text: &str) {
        let file = self.directory.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn start(&mut self, port: &str, commands: &str) {
        let log = self.directory.path().join("log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut server = self.shell();
        server
            .args(["-c", &format!("set -e\n{commands}")])
            // Ended as one, with all that it starts.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.servers.push(server.spawn().unwrap());
        let began = Instant::now();
        while TcpStream::connect(format!("127.0.0.1:{port}")).is_err() {
            let ended = self.servers.last_mut().unwrap().try_wait().unwrap();
            let is_late = began.elapsed() > Duration::from_secs(30);
            assert!(ended.is_none() && !is_late, "{commands}\n{}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn shell(&self) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_symbolon")).parent().unwrap();
        let path = env::var("PATH").unwrap();
        let mut shell = Command::new("bash");
        shell
            .current_dir(self.directory.path())
            .env("PATH", format!("{}:{path}:/usr/sbin", program.display()))
            .env("EXAMPLES", program.join("examples"))
            .env("no_proxy", "*");
        if let Some(port) = self.ports.get("8000") {
            shell.env("SYMBOLON_LISTEN", format!("127.0.0.1:{port}"));
            shell.env("SYMBOLON_PUBLIC_URL", format!("http://localhost:{port}"));
        }
        shell
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Guide {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let group = format!("-{}", server.id());
            let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
            let _ = server.wait();
        }
    }
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn skip(why: &str) {
    assert!(
        env::var("REQUIRE_GUIDES").as_deref() != Ok("1"),
        "REQUIRE_GUIDES=1, but {why}"
    );
    eprintln!("SKIPPED: {why}");
}

//! A cluster in a temporary directory, reached through a socket in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

#[derive(Debug)]
pub(crate) struct Cluster {
    directory: String,
    binaries: PathBuf,
    options: &'static str,
    /// Waits until this process is gone, then stops the server and removes the directory.
    _caretaker: Child,
}

/// Nothing in it outlives the tests: no need to sync.
pub(crate) const VOLATILE: &str =
    "-c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// What it says is committed is on the disk.
pub(crate) const DURABLE: &str = "-c max_connections=100";

impl Cluster {
    pub(crate) fn start(options: &'static str) -> Result<Self, String> {
        let cluster = Self::without_data(options)?;
        let data = cluster.data();
        let init = [
            "-D",
            &data,
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ];
        cluster.run("initdb", &init)?;
        cluster.start_server()?;
        Ok(cluster)
    }

    /// A standby of a running cluster, which follows it.
    pub(crate) fn start_standby(of: &Cluster) -> Result<Self, String> {
        let cluster = Self::without_data(of.options)?;
        let data = cluster.data();
        let copy = [
            "-h",
            &of.directory,
            "-U",
            USER,
            "-D",
            &data,
            "-R",
            "-c",
            "fast",
        ];
        cluster.run("pg_basebackup", &copy)?;
        cluster.start_server()?;
        Ok(cluster)
    }

    fn without_data(options: &'static str) -> Result<Self, String> {
        let binaries =
            binaries().ok_or("initdb is not installed and TEST_DATABASE_URL is not set")?;
        let made = ["-d", "/tmp/symbolon-test-XXXXXX"];
        let directory = run(&mut as_postgres("mktemp", &made))?.trim().to_owned();
        let pg_ctl = binaries.join("pg_ctl").display().to_string();
        let mut caretaker = as_postgres("sh", &["-c", CARETAKER, "sh", &pg_ctl, &directory]);
        let caretaker = quiet(caretaker.stdin(Stdio::piped()))
            .spawn()
            .map_err(|error| format!("sh does not start: {error}"))?;
        Ok(Self {
            directory,
            binaries,
            options,
            _caretaker: caretaker,
        })
    }

    /// Also after a [`crash`](Self::crash).
    pub(crate) fn start_server(&self) -> Result<(), String> {
        let directory = &self.directory;
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories={directory} {}",
            self.options
        );
        let (data, log) = (self.data(), format!("{directory}/log"));
        let start = ["-D", &data, "-l", &log, "-o", &options, "-w", "start"];
        let status = quiet(&mut self.tool("pg_ctl", &start)).status();
        match status.map_err(|error| error.to_string())?.success() {
            true => Ok(()),
            false => Err(format!(
                "PostgreSQL does not start: {}",
                fs::read_to_string(&log).unwrap_or_default()
            )),
        }
    }

    /// Ends it at once, as a power cut does.
    pub(crate) fn crash(&self) -> Result<(), String> {
        let stop = ["-D", &self.data(), "-m", "immediate", "-w", "stop"];
        self.run("pg_ctl", &stop).map(drop)
    }

    /// Sends a signal to the server and all processes that it has started.
    pub(crate) fn signal(&self, signal: &str) -> Result<(), String> {
        let file = format!("{}/postmaster.pid", self.data());
        let pid = run(&mut as_postgres("head", &["-n1", &file]))?;
        let pid = pid.trim();
        let mut processes = children(pid);
        processes.push(pid.to_owned());
        let processes: Vec<_> = processes.iter().map(String::as_str).collect();
        run(&mut as_postgres(
            "kill",
            &[&[signal], &processes[..]].concat(),
        ))
        .map(drop)
    }

    /// Makes a standby the primary.
    pub(crate) fn promote(&self) -> Result<(), String> {
        let promote = ["-D", &self.data(), "-w", "promote"];
        self.run("pg_ctl", &promote).map(drop)
    }

    /// Runs one of the server's programs, and returns what it prints.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        run(&mut self.tool(program, arguments))
    }

    fn tool(&self, program: &str, arguments: &[&str]) -> Command {
        as_postgres(
            &self.binaries.join(program).display().to_string(),
            arguments,
        )
    }

    fn data(&self) -> String {
        format!("{}/data", self.directory)
    }

    /// Where its socket is.
    pub(crate) fn directory(&self) -> &str {
        &self.directory
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@/{database}?host={}", self.directory)
    }
}

/// The role that it is used with.
const USER: &str = "symbolon";

/// Its standard input ends when this process does, even if it was killed.
const CARETAKER: &str = r#"
trap '' INT TERM HUP
cat > /dev/null
"$1" -D "$2/data" -m immediate stop
rm -rf "$2"
"#;

/// PostgreSQL refuses to run as root.
pub(crate) fn as_postgres(program: &str, arguments: &[&str]) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    });
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir("/");
    command
}

/// A server that inherits the output of a test would keep its reader waiting.
pub(crate) fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The processes whose parent this is.
fn children(parent: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|process| process.file_name().into_string().ok());
    let is_child = |pid: &String| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let found = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        found.is_some_and(|found| found.trim() == parent)
    };
    pids.filter(is_child).collect()
}

/// Where the server's programs are: where Debian and others keep each version's, or on the path.
fn binaries() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&on_path);
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.flatten().map(|version| version.path().join("bin"));
    configured
        .into_iter()
        .chain(versions)
        .chain(on_path)
        .find(|directory| has_server(directory))
}

fn has_server(directory: &Path) -> bool {
    directory.join("initdb").is_file() && directory.join("pg_ctl").is_file()
}

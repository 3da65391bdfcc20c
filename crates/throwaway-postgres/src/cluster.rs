//! A cluster in a temporary directory, reached through a socket in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

#[derive(Debug)]
pub(crate) struct Cluster {
    directory: String,
    /// Waits until this process is gone, then stops the server and removes the directory.
    _caretaker: Child,
}

impl Cluster {
    pub(crate) fn start() -> Result<Self, String> {
        let bin = binaries().ok_or("initdb is not installed and TEST_DATABASE_URL is not set")?;
        let tool = |name: &str| bin.join(name).display().to_string();
        let directory = run(&mut as_postgres(
            "mktemp",
            &["-d", "/tmp/symbolon-test-XXXXXX"],
        ))?;
        let directory = directory.trim().to_owned();
        let data = format!("{directory}/data");

        let mut caretaker =
            as_postgres("sh", &["-c", CARETAKER, "sh", &tool("pg_ctl"), &directory]);
        let caretaker = quiet(caretaker.stdin(Stdio::piped()))
            .spawn()
            .map_err(|error| format!("sh does not start: {error}"))?;

        run(&mut as_postgres(
            &tool("initdb"),
            &[
                "-D",
                &data,
                "-U",
                "symbolon",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
        ))?;
        // Nothing here outlives the tests: no need to sync.
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories={directory} -c max_connections=300 \
             -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        );
        let log = format!("{directory}/log");
        let start = ["-D", &data, "-l", &log, "-o", &options, "-w", "start"];
        quiet(&mut as_postgres(&tool("pg_ctl"), &start))
            .status()
            .map_err(|error| error.to_string())
            .and_then(|status| match status.success() {
                true => Ok(()),
                false => Err(format!(
                    "PostgreSQL does not start: {}",
                    fs::read_to_string(&log).unwrap_or_default()
                )),
            })?;
        Ok(Self {
            directory,
            _caretaker: caretaker,
        })
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://symbolon@/{database}?host={}", self.directory)
    }
}

/// Its standard input ends when this process does, even if it was killed.
const CARETAKER: &str = r#"
trap '' INT TERM HUP
cat > /dev/null
"$1" -D "$2/data" -m immediate stop
rm -rf "$2"
"#;

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &str, arguments: &[&str]) -> Command {
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
fn quiet(command: &mut Command) -> &mut Command {
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

/// Where the server's programs are: on the path, or where Debian and others keep each version's.
fn binaries() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&on_path);
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.flatten().map(|version| version.path().join("bin"));
    on_path
        .chain(configured)
        .chain(versions)
        .find(|directory| has_server(directory))
}

fn has_server(directory: &Path) -> bool {
    directory.join("initdb").is_file() && directory.join("pg_ctl").is_file()
}

//! Django REST framework with SimpleJWT, rotation and blacklisting, under gunicorn with four
//! workers.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use throwaway_postgres::PrivateServer;

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/django");

/// A running application, with its packages in `target/bench-python`.
pub(crate) struct Django {
    child: Child,
    python: PathBuf,
    host: String,
    pub(crate) address: String,
}

impl Django {
    pub(crate) fn start(server: &PrivateServer) -> Result<Self, String> {
        let here = std::env::current_dir().map_err(|why| why.to_string())?;
        let place = here.join("target/bench-python");
        let python = place.join("bin/python");
        if !python.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
        }
        let install = ["-m", "pip", "install", "--quiet", "--requirement"];
        let requirements = format!("{PROJECT}/requirements.txt");
        run(Command::new(&python).args(install).arg(requirements))?;
        let host = server.directory().to_string_lossy().into_owned();
        server.run("createdb", &["-h", &host, "-U", "symbolon", "django"]);

        // This port was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let address = free.map_err(|why| why.to_string())?.to_string();
        let mut command = Command::new(&python);
        with_database(&mut command, &host)
            .args([
                "-m",
                "gunicorn",
                "--workers=4",
                // Its other workers close the connection after each answer.
                "--worker-class=gthread",
                "--threads=4",
                "--keep-alive=60",
                "--log-level=error",
            ])
            .args(["--bind", &address, "bench.wsgi"]);
        let child = command.spawn().map_err(|why| format!("gunicorn: {why}"))?;
        let django = Self {
            child,
            python,
            host,
            address,
        };
        let answers = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(50));
            TcpStream::connect(&django.address).is_ok()
        });
        match answers {
            true => Ok(django),
            false => Err("gunicorn does not respond".into()),
        }
    }

    /// Refresh tokens, each the start of a chain.
    pub(crate) fn open(&self, sessions: usize) -> Result<Vec<String>, String> {
        let mut command = Command::new(&self.python);
        with_database(&mut command, &self.host).args(["tokens.py", &sessions.to_string()]);
        let output = run(&mut command)?;
        Ok(output.lines().map(str::to_owned).collect())
    }
}

fn with_database<'a>(command: &'a mut Command, host: &str) -> &'a mut Command {
    command
        .current_dir(PROJECT)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DJANGO_SETTINGS_MODULE", "bench.settings")
        .env("PGHOST", host)
        .env("PGDATABASE", "django")
}

fn run(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|why| format!("{name}: {why}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{name} failed")),
    }
}

impl Drop for Django {
    fn drop(&mut self) {
        // TERM makes it end its workers as well.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}

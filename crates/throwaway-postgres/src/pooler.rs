use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::cluster::{as_postgres, quiet};

/// A PgBouncer in front of a server, stopped with this value or with this process.
#[derive(Debug)]
pub struct Pooler {
    directory: String,
    /// Its standard input is the caretaker's, which ends when this process does.
    caretaker: Child,
}

const PORT: u16 = 6432;

/// Writes the settings, starts it, and stops it when its standard input ends.
const CARETAKER: &str = r#"
trap '' INT TERM HUP
cat > "$1/pgbouncer.ini" <<END
[databases]
* = host=$1 user=symbolon
[pgbouncer]
listen_addr =
listen_port = $2
unix_socket_dir = $1
auth_type = any
pool_mode = transaction
default_pool_size = 2
logfile = $1/pgbouncer.log
pidfile = $1/pgbouncer.pid
END
PATH="$PATH:/usr/sbin"
pgbouncer -q "$1/pgbouncer.ini" &
cat > /dev/null
kill $!
wait
"#;

impl Pooler {
    pub(crate) fn start(directory: &str) -> Result<Self, String> {
        let arguments = ["-c", CARETAKER, "sh", directory, &PORT.to_string()];
        let mut command = as_postgres("sh", &arguments);
        let caretaker = quiet(command.stdin(Stdio::piped()))
            .spawn()
            .map_err(|error| format!("sh does not start: {error}"))?;
        let pooler = Self {
            directory: directory.to_owned(),
            caretaker,
        };
        let socket = format!("{directory}/.s.PGSQL.{PORT}");
        let answers = (0..200).any(|_| {
            thread::sleep(Duration::from_millis(25));
            UnixStream::connect(&socket).is_ok()
        });
        match answers {
            true => Ok(pooler),
            false => Err("pgbouncer is not installed, or does not start".to_owned()),
        }
    }

    /// The URL of one of the server's databases, through it.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://symbolon@/{database}?host={}&port={PORT}",
            self.directory
        )
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.caretaker.stdin.take());
        let _ = self.caretaker.wait();
    }
}

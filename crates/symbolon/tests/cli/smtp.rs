//! An SMTP server by aiosmtpd.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A server that requires STARTTLS and a password. Ends with this value.
pub(crate) struct SmtpSink {
    child: Child,
    mails: Receiver<Value>,
    pub(crate) port: u16,
}

/// The certificate of `localhost`, and its key.
pub(crate) struct Certificate {
    directory: TempDir,
}

impl Certificate {
    pub(crate) fn create() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost",
                "-keyout",
                "key.pem",
                "-out",
                "cert.pem",
            ])
            .current_dir(directory.path())
            .stderr(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        Self { directory }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }
}

impl SmtpSink {
    /// `None`, with a line that says why, where aiosmtpd is not installed.
    pub(crate) fn start(certificate: &Certificate) -> Option<Self> {
        Self::start_on(certificate, free_port())
    }

    pub(crate) fn start_on(certificate: &Certificate, port: u16) -> Option<Self> {
        let python = env::var("INTEROP_PYTHON").unwrap_or("python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/smtp_sink.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(port.to_string())
            .arg(certificate.file())
            .arg(certificate.directory.path().join("key.pem"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let is_ready = lines.next().is_some_and(|line| line.unwrap() == "ready");
        if !is_ready {
            let _ = child.wait();
            assert!(
                env::var("REQUIRE_INTEROP").as_deref() != Ok("1"),
                "REQUIRE_INTEROP=1, but aiosmtpd does not start"
            );
            eprintln!("SKIPPED: aiosmtpd does not start");
            return None;
        }
        let (sender, mails) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        Some(Self { child, mails, port })
    }

    /// The next mail.
    pub(crate) fn next(&self) -> Value {
        self.mails
            .recv_timeout(Duration::from_secs(60))
            .expect("a mail")
    }

    /// Whether all mails were taken that arrived.
    pub(crate) fn is_empty(&self) -> bool {
        self.mails.try_recv().is_err()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

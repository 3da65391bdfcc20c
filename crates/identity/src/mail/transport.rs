use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{Error, SmtpTransport};
use lettre::{Message, Transport as _};

use super::url::{Encryption, MailUrl, SmtpServer};

/// How long each step of handing a mail over may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The mail was handed over.
    Sent,
    /// The server refuses this mail for good.
    Refused(String),
    /// The server does not take this mail now.
    Postponed(String),
    /// The server cannot be used: it is away, not trusted, or refuses our credentials. Other mails would fare
    /// no better.
    Unreachable(String),
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// Hands mails over. Calls block.
#[derive(Clone, Debug)]
pub struct Transport {
    url: MailUrl,
    smtp: Option<SmtpTransport>,
}

impl Transport {
    /// The transport of a URL. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// Why no certificate of the server could be checked.
    pub fn new(url: &MailUrl) -> Result<Self, String> {
        let smtp = match url {
            MailUrl::Smtp(server) => Some(smtp(server).map_err(|error| told(&error))?),
            MailUrl::Directory(_) => None,
        };
        Ok(Self {
            url: url.clone(),
            smtp,
        })
    }

    /// Whether mails, and a password, are sent unencrypted.
    pub fn is_unencrypted(&self) -> bool {
        self.url.is_unencrypted()
    }

    /// Hands a mail over; `name` is that of its file.
    pub fn send(&self, message: &Message, name: &str) -> Delivery {
        let smtp = match (&self.smtp, &self.url) {
            (Some(smtp), _) => smtp,
            (None, MailUrl::Directory(directory)) => return write(message, directory, name),
            (None, MailUrl::Smtp(_)) => return Delivery::Unreachable("no transport".to_owned()),
        };
        let Err(error) = smtp.send(message) else {
            return Delivery::Sent;
        };
        let why = told(&error);
        // Credentials are refused with the same codes as mails.
        match (error.status(), error.is_permanent(), self.check()) {
            (_, _, Err(why)) => Delivery::Unreachable(why),
            (Some(_), true, Ok(())) => Delivery::Refused(why),
            // The server cannot take such an address.
            (None, _, Ok(())) if error.is_client() => Delivery::Refused(why),
            (_, _, Ok(())) => Delivery::Postponed(why),
        }
    }

    /// Greets the server, with TLS and credentials, and sends nothing; or checks that files can be written.
    ///
    /// # Errors
    ///
    /// What does not work.
    pub fn check(&self) -> Result<(), String> {
        match (&self.smtp, &self.url) {
            (Some(smtp), _) => match smtp.test_connection() {
                Ok(true) => Ok(()),
                Ok(false) => Err("the server does not answer NOOP".to_owned()),
                Err(error) => Err(told(&error)),
            },
            (None, MailUrl::Directory(directory)) => writable(directory),
            (None, MailUrl::Smtp(_)) => Err("no transport".to_owned()),
        }
    }
}

fn smtp(server: &SmtpServer) -> Result<SmtpTransport, Error> {
    let tls = || TlsParameters::new(server.host.clone());
    let tls = match server.encryption {
        Encryption::StartTls => Tls::Required(tls()?),
        Encryption::Implicit => Tls::Wrapper(tls()?),
        Encryption::DangerNone => Tls::None,
    };
    let builder = SmtpTransport::builder_dangerous(&server.host)
        .port(server.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    Ok(match &server.credentials {
        Some((user, password)) => builder
            .credentials(Credentials::new(user.clone(), password.to_string()))
            .build(),
        None => builder.build(),
    })
}

/// An error with its causes, each once.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(why) = cause {
        if why.downcast_ref().is_some_and(is_timeout) {
            return format!("the server did not answer within {} s", PATIENCE.as_secs());
        }
        let why_text = why.to_string();
        if !text.contains(&why_text) {
            text = format!("{text}: {why_text}");
        }
        cause = why.source();
    }
    text
}

/// What the kernel says when a read takes too long depends on the kernel.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Writes under another name first, so that nobody reads half a mail.
fn write(message: &Message, directory: &Path, name: &str) -> Delivery {
    let file = directory.join(format!("{name}.eml"));
    let partial = directory.join(format!(".{name}.partial"));
    let written = fs::create_dir_all(directory)
        .and_then(|()| write_private(&partial, &message.formatted()))
        .and_then(|()| fs::rename(&partial, &file));
    match written {
        Ok(()) => Delivery::Sent,
        Err(error) => Delivery::Unreachable(format!("{}: {error}", file.display())),
    }
}

/// Its link and code are for its reader alone.
fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(file)?.write_all(bytes)
}

fn writable(directory: &Path) -> Result<(), String> {
    let probe = directory.join(".probe");
    let written = fs::create_dir_all(directory)
        .and_then(|()| fs::write(&probe, ""))
        .and_then(|()| fs::remove_file(&probe));
    written.map_err(|error| format!("{}: {error}", directory.display()))
}

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

/// Where mails are handed over. Neither `Debug` nor `Display` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub enum MailUrl {
    /// An SMTP server.
    Smtp(SmtpServer),
    /// A directory, for one `.eml` file each.
    Directory(PathBuf),
}

/// An SMTP server.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) credentials: Option<(String, Zeroizing<String>)>,
    pub(super) encryption: Encryption,
}

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// By STARTTLS, without which nothing is sent (RFC 3207).
    StartTls,
    /// From the start (RFC 8314).
    Implicit,
    /// Not at all.
    DangerNone,
}

/// The text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidMailUrl {
    /// It cannot be read.
    #[error(
        "must be smtp://USER:PASSWORD@HOST:587, smtps://USER:PASSWORD@HOST:465 or file:DIRECTORY; in the name and the \
         password, write special characters as in URLs, such as %40 for @"
    )]
    Unreadable,
    /// There is something after the port.
    #[error("must end with the port")]
    Path,
    /// Without TLS, `smtps` makes no sense.
    #[error("smtps:// is always encrypted; use smtp:// with SYMBOLON_DANGER_MAIL_WITHOUT_TLS")]
    AlwaysEncrypted,
}

impl MailUrl {
    /// Reads a URL. `smtp` requires STARTTLS unless `danger_without_tls` is set.
    ///
    /// # Errors
    ///
    /// [`InvalidMailUrl`].
    pub fn parse(text: &str, danger_without_tls: bool) -> Result<Self, InvalidMailUrl> {
        if let Some(directory) = text.strip_prefix("file:") {
            let directory = directory.strip_prefix("//").unwrap_or(directory);
            return match directory.is_empty() {
                true => Err(InvalidMailUrl::Unreadable),
                false => Ok(MailUrl::Directory(directory.into())),
            };
        }
        let url = Url::parse(text).map_err(|_| InvalidMailUrl::Unreadable)?;
        let (encryption, port) = match (url.scheme(), danger_without_tls) {
            ("smtp", false) => (Encryption::StartTls, 587),
            ("smtp", true) => (Encryption::DangerNone, 25),
            ("smtps", false) => (Encryption::Implicit, 465),
            ("smtps", true) => return Err(InvalidMailUrl::AlwaysEncrypted),
            _ => return Err(InvalidMailUrl::Unreadable),
        };
        if !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidMailUrl::Path);
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(InvalidMailUrl::Unreadable)?;
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(InvalidMailUrl::Unreadable),
            (user, Some(password)) => Some((decoded(user)?, Zeroizing::new(decoded(password)?))),
        };
        Ok(MailUrl::Smtp(SmtpServer {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            credentials,
            encryption,
        }))
    }

    /// Whether mails, and a password, are sent unencrypted.
    pub fn is_unencrypted(&self) -> bool {
        matches!(self, MailUrl::Smtp(server) if server.encryption == Encryption::DangerNone)
    }
}

fn decoded(text: &str) -> Result<String, InvalidMailUrl> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| InvalidMailUrl::Unreadable)?;
    match decoded.contains(['\r', '\n', '\0']) {
        true => Err(InvalidMailUrl::Unreadable),
        false => Ok(decoded.into_owned()),
    }
}

impl fmt::Display for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MailUrl::Directory(directory) => write!(f, "file:{}", directory.display()),
            MailUrl::Smtp(server) => {
                let scheme = match server.encryption {
                    Encryption::Implicit => "smtps",
                    Encryption::StartTls | Encryption::DangerNone => "smtp",
                };
                let user = server.credentials.as_ref();
                let user = user.map_or(String::new(), |(user, _)| format!("{user}:…@"));
                write!(f, "{scheme}://{user}{}:{}", server.host, server.port)
            }
        }
    }
}

impl fmt::Debug for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_server_port_credentials_and_encryption() {
        for (text, danger, shown) in [
            (
                "smtp://mail.example.org",
                false,
                "smtp://mail.example.org:587",
            ),
            (
                "smtp://ann:p%40ss@mail.example.org:2525",
                false,
                "smtp://ann:…@mail.example.org:2525",
            ),
            (
                "smtp://ann%40example.org:x@mail.example.org",
                false,
                "smtp://ann@example.org:…@mail.example.org:587",
            ),
            (
                "smtps://mail.example.org/",
                false,
                "smtps://mail.example.org:465",
            ),
            ("smtp://localhost:1025", true, "smtp://localhost:1025"),
            ("smtp://[::1]:1025", true, "smtp://::1:1025"),
            ("file:/var/mail/out", false, "file:/var/mail/out"),
            ("file:///var/mail/out", false, "file:/var/mail/out"),
            ("file:out", false, "file:out"),
        ] {
            let url = MailUrl::parse(text, danger).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(url.is_unencrypted(), danger, "{text}");
        }
        let MailUrl::Smtp(server) = MailUrl::parse("smtp://a:p%40ss%3A@h", false).unwrap() else {
            panic!("a server");
        };
        let (_, password) = server.credentials.unwrap();
        assert_eq!(*password, "p@ss:");
    }

    #[test]
    fn other_urls_are_refused_and_the_password_is_not_shown() {
        for text in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://ann@mail.example.org",
            "smtp://:x@mail.example.org",
            "smtp://a%0d%0a:x@mail.example.org",
            "smtp://mail.example.org/inbox",
            "smtp://mail.example.org?tls=no",
            "file:",
        ] {
            assert!(MailUrl::parse(text, false).is_err(), "{text}");
        }
        let url = MailUrl::parse("smtp://ann:sesame@h", false).unwrap();
        assert!(!format!("{url:?}{url}").contains("sesame"));
    }
}

use std::sync::Arc;

use lettre::Message;
use serde::Deserialize;
use store::challenges::{Challenge, ChallengeKind};
use store::outbox::{Mail, MailKind};
use store::{Store, StoreError, UnixMillis, challenges};
use thiserror::Error;

use super::message::{Sender, message};
use super::templates::{Rendered, Templates, Variables};
use crate::challenges::{ChallengeSecrets, code_ttl};
use crate::clock::rfc3339;
use crate::locale::Locale;

/// Writes mails from their rows: links and codes are computed here, and nowhere stored.
#[derive(Clone)]
pub struct Letters {
    templates: Templates,
    secrets: ChallengeSecrets,
    sender: Sender,
    public_url: Arc<str>,
}

/// Why a mail cannot be written.
#[derive(Debug, Error)]
pub enum Unwritten {
    /// Its link has expired, was used, or was replaced by a newer one.
    #[error("its link is not valid any more")]
    Expired,
    /// It cannot be rendered, or not be sent to such an address.
    #[error("{0}")]
    Invalid(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The parameters of a row. Missing ones are empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    device: Option<String>,
    ip: Option<String>,
    at: Option<i64>,
    new_email: Option<String>,
    old_email: Option<String>,
}

impl Letters {
    /// Writes with these templates, from this sender, with links to this URL.
    pub fn new(
        templates: Templates,
        secrets: ChallengeSecrets,
        sender: Sender,
        public_url: &str,
    ) -> Self {
        Self {
            templates,
            secrets,
            sender,
            public_url: public_url.into(),
        }
    }

    /// The mail as it is sent. Blocks on the database.
    ///
    /// # Errors
    ///
    /// [`Unwritten`].
    pub fn write(&self, store: &Store, mail: &Mail, now: UnixMillis) -> Result<Message, Unwritten> {
        let rendered = self.render(store, mail, now)?;
        let (recipient, id) = (&mail.mail.recipient, mail.mail.id.to_string());
        let host = host(&self.public_url);
        message(&self.sender, recipient, rendered, &id, host).map_err(Unwritten::Invalid)
    }

    /// A mail for trying the server, which belongs to no row.
    ///
    /// # Errors
    ///
    /// [`Unwritten::Invalid`].
    pub fn test_mail(
        sender: &Sender,
        public_url: &str,
        recipient: &str,
        id: &str,
    ) -> Result<Message, Unwritten> {
        let text = format!("This is a test of the mail settings of {public_url}.\n");
        let rendered = Rendered {
            subject: "Test".to_owned(),
            html: format!("<p>{text}</p>"),
            text,
        };
        message(sender, recipient, rendered, id, host(public_url)).map_err(Unwritten::Invalid)
    }

    /// Subject and text of a mail, for the operator.
    ///
    /// # Errors
    ///
    /// [`Unwritten`].
    pub fn show(
        &self,
        store: &Store,
        mail: &Mail,
        now: UnixMillis,
    ) -> Result<(String, String), Unwritten> {
        let rendered = self.render(store, mail, now)?;
        Ok((rendered.subject, rendered.text))
    }

    fn render(&self, store: &Store, mail: &Mail, now: UnixMillis) -> Result<Rendered, Unwritten> {
        let row = &mail.mail;
        let challenge = match row.challenge_id {
            None => None,
            Some(id) => {
                let found = store.read(move |c| challenges::find_live(c, id, now))?;
                Some(found.ok_or(Unwritten::Expired)?)
            }
        };
        let variables = self.variables(mail, challenge.as_ref());
        let locale = row.locale.as_deref().and_then(Locale::parse);
        let rendered = self
            .templates
            .render(row.kind, locale.unwrap_or_default(), &variables);
        rendered.map_err(Unwritten::Invalid)
    }

    fn variables(&self, mail: &Mail, challenge: Option<&Challenge>) -> Variables {
        let parameters: Parameters =
            serde_json::from_str(&mail.mail.parameters).unwrap_or_default();
        let (link, code) = match challenge {
            Some(challenge) => {
                let code = self.secrets.code(challenge.id, challenge.kind);
                (self.link(challenge), code.expose())
            }
            None => (self.page(mail.mail.kind), String::new()),
        };
        let minutes = challenge.map(|challenge| code_ttl(challenge.kind).as_secs() / 60);
        let time = |at: Option<UnixMillis>| at.map(readable).unwrap_or_default();
        Variables(
            [
                ("email", mail.mail.recipient.clone()),
                ("new_email", parameters.new_email.unwrap_or_default()),
                ("old_email", parameters.old_email.unwrap_or_default()),
                ("link", link),
                ("code", code),
                (
                    "code_minutes",
                    minutes.map(|m| m.to_string()).unwrap_or_default(),
                ),
                (
                    "expires",
                    time(challenge.map(|challenge| challenge.expires_at)),
                ),
                ("device", parameters.device.unwrap_or_default()),
                ("ip", parameters.ip.unwrap_or_default()),
                ("time", time(parameters.at.map(UnixMillis::from_millis))),
            ]
            .into(),
        )
    }

    /// The link of a challenge. The token is in the fragment, which browsers send to nobody, so that it is in
    /// no log.
    fn link(&self, challenge: &Challenge) -> String {
        let token = self.secrets.token(challenge.id, challenge.kind);
        let page = match challenge.kind {
            ChallengeKind::VerifyEmail | ChallengeKind::ChangeEmail => "verify-email",
            ChallengeKind::UndoEmailChange => "undo-email-change",
            ChallengeKind::ResetPassword | ChallengeKind::SetPassword => "reset-password",
            ChallengeKind::SignIn => "sign-in",
            ChallengeKind::Invitation => "invitation",
        };
        let return_to = challenge.return_to.as_ref().map(|url| {
            let encoded: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
            format!("&return_to={encoded}")
        });
        format!(
            "{}/{page}#token={}{}",
            self.public_url,
            token.expose(),
            return_to.unwrap_or_default()
        )
    }

    /// Where the reader of a notice can do something about it.
    fn page(&self, kind: MailKind) -> String {
        let page = match kind {
            MailKind::PasswordChanged => "forgot-password",
            _ => "account",
        };
        format!("{}/{page}", self.public_url)
    }
}

/// The host of a URL without a path, without the port.
fn host(url: &str) -> &str {
    let host = url.rsplit('/').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}

/// A time as people of all countries read it, to the minute.
fn readable(at: UnixMillis) -> String {
    let text = rfc3339(at);
    let minute = text.get(..16).unwrap_or(&text);
    format!("{} UTC", minute.replace('T', " "))
}

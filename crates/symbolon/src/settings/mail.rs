//! `SYMBOLON_MAIL_URL`, `SYMBOLON_MAIL_FROM`, `SYMBOLON_DANGER_MAIL_WITHOUT_TLS`, `SYMBOLON_MAIL_TEMPLATES`,
//! `SYMBOLON_MAIL_NOTICES`.

use std::path::PathBuf;

use api::settings::{Mail, PublicUrl};
use clap::Args;
use identity::brand::Brand;
use identity::mail::{MailUrl, Notices, Sender, Templates, Transport};
use store::outbox::MailKind;

use super::Mistakes;

/// The settings of mail, as text.
#[derive(Args, Clone)]
pub(super) struct MailArgs {
    /// Where mails are handed over: smtp://USER:PASSWORD@HOST:587 (with STARTTLS), smtps://USER:PASSWORD@HOST:465
    /// or file:DIRECTORY. Without it, mails wait in the outbox (`symbolon mail list`) [default: none]
    #[arg(
        long,
        env = "SYMBOLON_MAIL_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    mail_url: Option<String>,

    /// Whom mails are from: an address, or a name with an address in angle brackets; required with a mail URL
    /// [default: no-reply at the host of the public URL]
    #[arg(long, env = "SYMBOLON_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,

    /// Allow smtp:// without TLS; mails and the password are then sent unencrypted
    #[arg(long, env = "SYMBOLON_DANGER_MAIL_WITHOUT_TLS")]
    danger_mail_without_tls: bool,

    /// A directory with templates that replace single ones of ours, such as ru/sign_in.jinja [default: none]
    #[arg(long, env = "SYMBOLON_MAIL_TEMPLATES", value_name = "DIRECTORY")]
    mail_templates: Option<PathBuf>,

    /// Notices that users get, separated by commas: new_device, password_changed, session_reused,
    /// account_deleted, account_exists; or all, or none
    #[arg(
        long,
        env = "SYMBOLON_MAIL_NOTICES",
        value_name = "KINDS",
        default_value = "all"
    )]
    mail_notices: String,
}

impl MailArgs {
    pub(super) fn resolve(
        self,
        public_url: Option<&PublicUrl>,
        brand: Option<&Brand>,
        mistakes: &mut Mistakes,
    ) -> Option<Mail> {
        let transport = self.transport(mistakes);
        let notices = notices(&self.mail_notices, mistakes);
        let sender = match (&self.mail_from, brand, public_url) {
            (Some(text), ..) => mistakes.note("SYMBOLON_MAIL_FROM", text, Sender::parse(text)),
            (None, _, _) if self.mail_url.is_some() => {
                mistakes.add(
                    "SYMBOLON_MAIL_FROM",
                    None,
                    "is required with SYMBOLON_MAIL_URL",
                );
                None
            }
            (None, Some(brand), Some(public_url)) => default_sender(brand, public_url),
            _ => None,
        };
        // Whatever is wrong with others, mistakes in the templates are told as well.
        let any_brand = Brand::named("Example");
        let url = public_url.map_or("http://localhost", PublicUrl::issuer);
        let directory = self.mail_templates.as_deref();
        let templates = Templates::load(directory, brand.unwrap_or(&any_brand), url);
        let directory = self
            .mail_templates
            .unwrap_or_default()
            .display()
            .to_string();
        let templates = mistakes.note("SYMBOLON_MAIL_TEMPLATES", &directory, templates);
        Some(Mail {
            transport: transport?,
            sender: sender?,
            templates: templates?,
            notices: notices?,
        })
    }

    /// The transport; `Some(None)` if there is none.
    fn transport(&self, mistakes: &mut Mistakes) -> Option<Option<Transport>> {
        let variable = "SYMBOLON_MAIL_URL";
        let Some(text) = &self.mail_url else {
            return Some(None);
        };
        let transport = MailUrl::parse(text, self.danger_mail_without_tls)
            .map_err(|why| why.to_string())
            .and_then(|url| Transport::new(&url));
        match transport {
            Ok(transport) => Some(Some(transport)),
            Err(why) => {
                // The URL may contain a password.
                mistakes.add(variable, None, why);
                None
            }
        }
    }
}

fn default_sender(brand: &Brand, public_url: &PublicUrl) -> Option<Sender> {
    let host = public_url.issuer().split("://").nth(1)?;
    let host = host.split(':').next()?;
    let of = |host| Sender::named(&brand.name, &format!("no-reply@{host}"));
    of(host).or_else(|_| of("localhost")).ok()
}

fn notices(list: &str, mistakes: &mut Mistakes) -> Option<Vec<MailKind>> {
    match list {
        "all" => Some(Notices::ALL.to_vec()),
        "none" => Some(Vec::new()),
        _ => mistakes.note_each("SYMBOLON_MAIL_NOTICES", list, |word| {
            let kind = MailKind::parse(word).filter(|kind| Notices::ALL.contains(kind));
            kind.ok_or(
                "must be new_device, password_changed, session_reused, account_deleted or account_exists; or the \
                 list is all or none",
            )
        }),
    }
}

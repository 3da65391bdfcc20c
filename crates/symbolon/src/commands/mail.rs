use std::sync::Arc;

use api::settings::Settings;
use clap::{Args, Subcommand};
use identity::challenges::ChallengeSecrets;
use identity::clock::{Clock, SystemClock, rfc3339};
use identity::entropy::{Entropy, SystemEntropy};
use identity::mail::{Delivery, Letters, Unwritten};
use serde::Serialize;
use store::outbox::{self, Mail, MailId, MailOutcome};
use store::{Store, UnixMillis};

use super::operator::Operator;
use super::{Failed, open_existing, output};
use crate::settings::{DatabaseArgs, ServeArgs};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the mails in the outbox, newest first
    List(ListArguments),
    /// Print a mail as its reader sees it, with its link and code
    Show(Box<ShowArguments>),
    /// Send a mail again that waits or was given up
    Retry(RetryArguments),
    /// Send a test mail with the settings of the service, and say what the server answers
    Test(Box<TestArguments>),
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Maximum number of mails
    #[arg(long, value_name = "N", default_value = "100")]
    limit: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ShowArguments {
    /// The mail, as `mail list` prints it
    #[arg(value_name = "ID", value_parser = mail_id)]
    id: MailId,
    #[command(flatten)]
    settings: ServeArgs,
}

#[derive(Args)]
pub(super) struct RetryArguments {
    /// The mail, as `mail list` prints it
    #[arg(value_name = "ID", value_parser = mail_id)]
    id: MailId,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct TestArguments {
    /// Where the mail goes
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    settings: ServeArgs,
}

fn mail_id(text: &str) -> Result<MailId, &'static str> {
    MailId::parse(text).ok_or("must be the id of a mail, as `symbolon mail list` prints it")
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Show(arguments) => show(*arguments),
        Command::Retry(arguments) => retry(arguments),
        Command::Test(arguments) => test(*arguments),
    }
}

#[derive(Serialize)]
struct ListedMail {
    id: String,
    kind: &'static str,
    recipient: String,
    state: &'static str,
    created_at: String,
    due_at: String,
    attempts: u32,
    last_error: Option<String>,
}

impl From<Mail> for ListedMail {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.mail.id.to_string(),
            kind: mail.mail.kind.as_str(),
            recipient: mail.mail.recipient,
            state: mail.mail.outcome.map_or("waiting", MailOutcome::as_str),
            created_at: rfc3339(mail.mail.created_at),
            due_at: rfc3339(mail.due_at),
            attempts: mail.attempts,
            last_error: mail.last_error,
        }
    }
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let limit = arguments.limit;
    let mails = operator.read(move |c| outbox::list(c, None, limit))?;
    let listed: Vec<_> = mails.into_iter().map(ListedMail::from).collect();
    if arguments.json {
        return output::print_json(&listed);
    }
    if listed.is_empty() {
        return output::print("The outbox is empty.");
    }
    let rows: Vec<_> = listed.iter().map(row).collect();
    output::print_table(["ID", "KIND", "TO", "STATE", "ADDED"], &rows)?;
    let failed = listed.iter().filter(|mail| mail.last_error.is_some());
    for mail in failed {
        let why = output::plain(mail.last_error.as_deref().unwrap_or_default());
        output::print(&format!("{}: {why}", mail.id))?;
    }
    Ok(())
}

fn row(mail: &ListedMail) -> [String; 5] {
    [
        mail.id.clone(),
        mail.kind.to_owned(),
        output::plain(&mail.recipient),
        mail.state.to_owned(),
        mail.created_at.clone(),
    ]
}

fn show(arguments: ShowArguments) -> Result<(), Failed> {
    let settings = arguments.settings.resolve()?.service;
    let store = open_existing(&settings.database)?;
    let (id, now) = (arguments.id, SystemClock.now());
    let found = store.read(move |c| outbox::find(c, id));
    let mail = found.map_err(Failed::work)?;
    let mail = mail.ok_or_else(|| Failed::work("there is no such mail"))?;
    let recipient = mail.mail.recipient.clone();
    if mail.mail.outcome == Some(MailOutcome::Suppressed) {
        let text = format!("Nobody has the address {recipient}, so there is no mail.");
        return output::print(&text);
    }
    let letters = letters(&settings, &store)?;
    match letters.show(&store, &mail, now) {
        Ok((subject, text)) => {
            output::print(&format!("To: {recipient}\nSubject: {subject}\n\n{text}"))
        }
        Err(Unwritten::Expired) => Err(Failed::work(
            "the link of the mail was used, has expired, or was replaced by a newer one",
        )),
        Err(why) => Err(Failed::work(why)),
    }
}

/// Writes mails as the service with these settings does.
fn letters(settings: &Settings, store: &Store) -> Result<Letters, Failed> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
    let has_keys = store.read(store::keys::exist).map_err(Failed::work)?;
    if !has_keys {
        return Err(Failed::work(
            "there is no master key yet; start the service first",
        ));
    }
    let master_key = settings.keys.master_key.load(true, &*entropy);
    let (master_key, _) = master_key.map_err(Failed::work)?;
    Ok(Letters::new(
        settings.mail.templates.clone(),
        ChallengeSecrets::new(&master_key),
        settings.mail.sender.clone(),
        settings.http.public_url.issuer(),
    ))
}

fn retry(arguments: RetryArguments) -> Result<(), Failed> {
    let store = open_existing(&arguments.database.resolve_alone()?)?;
    let (id, now): (_, UnixMillis) = (arguments.id, SystemClock.now());
    let retried = store.write(move |c| outbox::retry(c, id, now));
    match retried.map_err(Failed::work)? {
        true => output::print(
            "The service sends it within a few seconds, if SYMBOLON_MAIL_URL is set for it.",
        ),
        false => Err(Failed::work("there is no such mail, or it was sent")),
    }
}

fn test(arguments: TestArguments) -> Result<(), Failed> {
    let settings = arguments.settings.resolve()?.service;
    let Some(transport) = &settings.mail.transport else {
        return Err(Failed::work(
            "SYMBOLON_MAIL_URL is not set, such as smtp://USER:PASSWORD@HOST:587",
        ));
    };
    let entropy: &dyn Entropy = &SystemEntropy::default();
    let id = MailId::new(SystemClock.now(), entropy.bytes());
    let message = Letters::test_mail(
        &settings.mail.sender,
        settings.http.public_url.issuer(),
        &arguments.address,
        &id.to_string(),
    );
    let message = message.map_err(|why| Failed::Usage(format!("{}: {why}", arguments.address)))?;
    match transport.send(&message, &id.to_string()) {
        Delivery::Sent => output::print(&format!("Handed over to {transport}.")),
        Delivery::Refused(why) => Err(Failed::work(format!("{transport} refuses the mail: {why}"))),
        Delivery::Postponed(why) | Delivery::Unreachable(why) => {
            Err(Failed::work(format!("{transport}: {why}")))
        }
    }
}

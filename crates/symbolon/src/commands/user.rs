mod import;
mod invite;

use std::io::{self, IsTerminal};

use clap::{Args, Subcommand};
use identity::clock::rfc3339;
use identity::credentials::{AcceptedPassword, HashingParams, Password};
use identity::locale::Locale;
use identity::text;
use identity::users::{CustomClaims, Email, Name, NewUser};
use serde::Serialize;
use store::Actor;
use store::user_changes::{Update, UserChanges};
use store::users::{Addition, User, UserId};

use super::arguments::user_id;
use super::operator::{Operator, users};
use super::{Failed, output};
use crate::settings::{DatabaseArgs, HashingArgs};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a user; prompts for the password, or reads it from standard input
    Add(AddArguments),
    /// Invite a user: they get a mail with a link, by which they set name and password
    Invite(InviteArguments),
    /// List the users
    List(ListArguments),
    /// Disable a user: they cannot sign in, and their sessions are revoked
    Disable(OneUser),
    /// Enable a disabled user
    Enable(OneUser),
    /// Delete a user permanently; their sessions are revoked
    Delete(OneUser),
    /// Import users with their ids and passwords; safe to run again: it resumes
    Import(import::Arguments),
}

#[derive(Args)]
pub(super) struct OneUser {
    /// The user's id, as `user list` prints it
    #[arg(value_name = "ID", value_parser = user_id)]
    id: UserId,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct AddArguments {
    /// The display name
    #[arg(long)]
    name: String,
    /// The email address
    #[arg(long)]
    email: String,
    /// The user's id, for example from another system [default: a new UUID]
    #[arg(long, value_parser = user_id)]
    id: Option<UserId>,
    /// Custom claims in access tokens, such as '{"role":"editor"}'
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// Add the user without a password: only a service key can open sessions for them
    #[arg(long)]
    no_password: bool,
    #[command(flatten)]
    hashing: HashingArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct InviteArguments {
    /// The email address
    #[arg(long, required_unless_present = "again")]
    email: Option<String>,
    /// The display name, until the user chooses one [default: the part of the address before the @]
    #[arg(long)]
    name: Option<String>,
    /// The user's id, for example from another system [default: a new UUID]
    #[arg(long, value_parser = user_id)]
    id: Option<UserId>,
    /// Custom claims in access tokens, such as '{"role":"editor"}'
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// The language of mails and pages: en or ru
    #[arg(long, value_parser = locale)]
    locale: Option<Locale>,
    /// Send another mail to the user of this id, who has not set a password yet
    #[arg(long, value_name = "ID", value_parser = user_id, conflicts_with_all = ["email", "name", "id", "locale"])]
    again: Option<UserId>,
    #[command(flatten)]
    database: DatabaseArgs,
}

fn locale(tag: &str) -> Result<Locale, &'static str> {
    Locale::parse(tag).ok_or("must be en or ru")
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::Invite(arguments) => invite::run(arguments),
        Command::List(arguments) => list(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Disable(user) => set_disabled(user, true),
        Command::Enable(user) => set_disabled(user, false),
        Command::Delete(user) => delete(user),
    }
}

fn set_disabled(user: OneUser, disabled: bool) -> Result<(), Failed> {
    let operator = Operator::open(&user.database.resolve_alone()?)?;
    let ports = operator.ports();
    let changes = UserChanges {
        disabled: Some(disabled),
        ..UserChanges::default()
    };
    let id = user.id.clone();
    let update = operator.run(async move {
        let users = users(ports, HashingParams::DEFAULT);
        users.update(id, changes, &Actor::CommandLine).await
    })?;
    match update {
        Update::Made(updated) if updated.before.disabled_at == updated.user.disabled_at => {
            Err(Failed::work(match disabled {
                true => "the user is already disabled",
                false => "the user is not disabled",
            }))
        }
        Update::Made(updated) => print_done(
            if disabled { "Disabled" } else { "Enabled" },
            &user.id,
            updated.revoked.map_or(0, |revoked| revoked.sessions.len()),
        ),
        Update::NotFound => Err(Failed::work("no user has this id")),
        Update::EmailTaken => Err(Failed::work("another user has this email address")),
    }
}

fn delete(user: OneUser) -> Result<(), Failed> {
    let operator = Operator::open(&user.database.resolve_alone()?)?;
    let ports = operator.ports();
    let id = user.id.clone();
    let deleted = operator.run(async move {
        let users = users(ports, HashingParams::DEFAULT);
        users.delete(id, &Actor::CommandLine).await
    })?;
    match deleted {
        Some(revoked) => print_done("Deleted", &user.id, revoked),
        None => Err(Failed::work("no user has this id")),
    }
}

fn print_done(done: &str, user: &UserId, revoked: usize) -> Result<(), Failed> {
    output::print(&format!("{done} user {user}."))?;
    match revoked {
        0 => Ok(()),
        sessions => output::print(&output::revoked(sessions)),
    }
}

fn add(arguments: AddArguments) -> Result<(), Failed> {
    let usage = |option: &str, why: String| Failed::Usage(format!("{option}: {why}"));
    let name = Name::parse(&arguments.name).map_err(|why| usage("--name", why.to_string()))?;
    let email = Email::parse(&arguments.email).map_err(|why| usage("--email", why.to_string()))?;
    let claims =
        CustomClaims::parse(&arguments.claims).map_err(|why| usage("--claims", why.to_string()))?;
    let database = arguments.database.resolve_alone()?;
    let hashing = arguments.hashing.resolve_alone()?;
    let password = match arguments.no_password {
        true => None,
        false => Some(ask_for_password(&arguments.name, &arguments.email)?),
    };
    let new = NewUser {
        id: arguments.id,
        name,
        email,
        password,
        claims,
        locale: None,
    };
    let operator = Operator::open(&database)?;
    let ports = operator.ports();
    let (addition, user) = operator.run(async move {
        let users = users(ports, hashing);
        users.add(new, &Actor::CommandLine).await
    })?;
    match addition {
        Addition::Done => output::print(user.id.as_str()),
        Addition::IdTaken => Err(Failed::work("another user has this id")),
        Addition::EmailTaken => Err(Failed::work("another user has this email address")),
    }
}

/// From the terminal, twice and without echo; otherwise the first line of standard input.
fn ask_for_password(name: &str, email: &str) -> Result<AcceptedPassword, Failed> {
    let text = if io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ").map_err(Failed::work)?;
        let second = rpassword::prompt_password("Repeat the password: ").map_err(Failed::work)?;
        if first != second {
            return Err(Failed::Usage("the two passwords differ".into()));
        }
        first
    } else {
        let line = text::read_line(io::stdin().lock());
        line.map_err(|why| Failed::Work(format!("the password on standard input {why}")))?
    };
    let accepted = Password::attempt(text).accept(name, email);
    accepted.map_err(|why| Failed::Usage(format!("the password {why}")))
}

#[derive(Serialize)]
struct ListedUser {
    id: String,
    name: String,
    email: String,
    has_password: bool,
    disabled: bool,
    created_at: String,
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let listed = operator.run(async move {
        let users = users(ports, HashingParams::DEFAULT);
        let mut listed: Vec<ListedUser> = Vec::new();
        let mut after = None;
        loop {
            let page = users.list(after, None).await?;
            listed.extend(page.users.into_iter().map(ListedUser::from));
            match page.next {
                Some(last) => after = Some(last),
                None => return Ok::<_, identity::Failure>(listed),
            }
        }
    })?;
    if arguments.json {
        return output::print_json(&listed);
    }
    let rows: Vec<_> = listed.into_iter().map(ListedUser::into_row).collect();
    output::print_table(["ID", "NAME", "EMAIL", "SIGN-IN", "CREATED"], &rows)
}

impl From<User> for ListedUser {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            has_password: user.password.is_some(),
            disabled: user.disabled_at.is_some(),
            created_at: rfc3339(user.created_at),
        }
    }
}

impl ListedUser {
    fn into_row(self) -> [String; 5] {
        let sign_in = match (self.disabled, self.has_password) {
            (true, _) => "disabled",
            (false, true) => "password",
            (false, false) => "service key",
        };
        [
            self.id,
            output::plain(&self.name),
            output::plain(&self.email),
            sign_in.to_owned(),
            self.created_at,
        ]
    }
}

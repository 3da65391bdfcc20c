mod import;

use std::io::{self, IsTerminal};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;
use store::events::EventKind;
use store::users::{self, Added, Changed, User, UserId};
use store::{AnyConnection, StoreError};

use super::{Failed, audit, output};
use crate::accounts::{Email, Name, OwnClaims};
use crate::application::open_database;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::entropy::{Entropy, SystemEntropy};
use crate::passwords::{AcceptedPassword, Password, PasswordHasher};
use crate::settings::{DatabaseArgs, HashingArgs};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a user; the password is asked for, or read from standard input
    Add(AddArguments),
    /// List the users
    List(ListArguments),
    /// Disable a user: their sessions end, and they cannot sign in
    Disable(OneUser),
    /// Let a disabled user sign in again
    Enable(OneUser),
    /// Delete a user for good; their sessions end
    Delete(OneUser),
    /// Add users from elsewhere, with their ids and passwords. Done again, it goes on where it stopped
    Import(import::Arguments),
}

#[derive(Args)]
pub(super) struct OneUser {
    /// Their id, as `user list` prints it
    #[arg(value_name = "ID", value_parser = super::session::user_id)]
    id: UserId,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct AddArguments {
    /// Their name
    #[arg(long)]
    name: String,
    /// Their e-mail address
    #[arg(long)]
    email: String,
    /// Their id, if they are known elsewhere by one [default: a new UUID]
    #[arg(long)]
    id: Option<String>,
    /// Their own claims in access tokens, as in '{"role":"editor"}'
    #[arg(long, value_name = "JSON", default_value = "{}")]
    claims: String,
    /// Without a password: only a service key opens sessions for them
    #[arg(long)]
    no_password: bool,
    #[command(flatten)]
    hashing: HashingArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Disable(user) => {
            let not_found = "no enabled user has this id";
            change(user, not_found, EventKind::UserDisabled, |c, id| {
                users::disable(c, id, SystemClock.now())
            })
        }
        Command::Enable(user) => {
            let not_found = "no disabled user has this id";
            change(user, not_found, EventKind::UserEnabled, users::enable)
        }
        Command::Delete(user) => {
            let not_found = "no user has this id";
            change(user, not_found, EventKind::UserDeleted, |c, id| {
                users::delete(c, id, SystemClock.now())
            })
        }
    }
}

fn change(
    user: OneUser,
    not_found: &str,
    kind: EventKind,
    change: impl FnOnce(&mut AnyConnection, &UserId) -> Result<Changed, StoreError> + Send + 'static,
) -> Result<(), Failed> {
    let database = user.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let id = user.id.clone();
    let changed = store.transaction(move |c| change(c, &user.id));
    let changed = changed.map_err(Failed::work)?;
    if changed != Changed::NotFound {
        audit::record(&store, kind, |event| event.user(&id))?;
    }
    match changed {
        Changed::NotFound => Err(Failed::work(not_found)),
        Changed::Changed(ended) if ended.is_empty() => output::print("Done."),
        Changed::Changed(ended) => output::print(&output::ended(ended.len())),
    }
}

fn add(arguments: AddArguments) -> Result<(), Failed> {
    let usage = |option: &str, why: String| Failed::Usage(format!("{option}: {why}"));
    let name = Name::parse(&arguments.name).map_err(|why| usage("--name", why.to_string()))?;
    let email = Email::parse(&arguments.email).map_err(|why| usage("--email", why.to_string()))?;
    let claims =
        OwnClaims::parse(&arguments.claims).map_err(|why| usage("--claims", why.to_string()))?;
    let given_id = arguments
        .id
        .as_deref()
        .map(|id| UserId::parse(id).map_err(|why| usage("--id", why.to_string())));
    let given_id = given_id.transpose()?;
    let database = arguments.database.resolve_alone()?;
    let hashing = arguments.hashing.resolve_alone()?;
    let password = match arguments.no_password {
        true => None,
        false => Some(ask_for_password(&arguments.name, &arguments.email)?),
    };

    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
    let now = SystemClock.now();
    let user = User {
        id: given_id.unwrap_or_else(|| UserId::new(now, entropy.bytes())),
        name: name.into(),
        email: email.into(),
        password: password
            .map(|password| PasswordHasher::new(hashing, entropy).hash_now(&password)),
        claims: claims.into(),
        created_at: now,
        disabled_at: None,
    };
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let id = user.id.clone();
    match store
        .write(move |c| users::add(c, &user))
        .map_err(Failed::work)?
    {
        Added::Added => {
            audit::record(&store, EventKind::UserAdded, |event| event.user(&id))?;
            output::print(id.as_str())
        }
        Added::IdTaken => Err(Failed::work("another user has this id")),
        Added::NameTaken => Err(Failed::work("another user has this name")),
        Added::EmailTaken => Err(Failed::work("another user has this e-mail address")),
    }
}

/// From the terminal, twice and unseen; else the first line of standard input.
fn ask_for_password(name: &str, email: &str) -> Result<AcceptedPassword, Failed> {
    let text = if io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password: ").map_err(Failed::work)?;
        let second = rpassword::prompt_password("The same again: ").map_err(Failed::work)?;
        if first != second {
            return Err(Failed::Usage("the two passwords differ".into()));
        }
        first
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(Failed::work)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
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
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let mut listed: Vec<ListedUser> = Vec::new();
    let mut last: Option<UserId> = None;
    loop {
        let page = store
            .read(|c| users::list(c, last.as_ref(), None, 1000))
            .map_err(Failed::work)?;
        match page.last() {
            Some(user) => last = Some(user.id.clone()),
            None => break,
        }
        listed.extend(page.into_iter().map(ListedUser::from));
    }
    if arguments.json {
        return output::print_json(&listed);
    }
    let rows: Vec<_> = listed.into_iter().map(ListedUser::into_row).collect();
    output::print_table(["ID", "NAME", "E-MAIL", "SIGN-IN", "CREATED"], &rows)
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

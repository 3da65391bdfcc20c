//! The command line.

mod arguments;
mod audit;
mod completions;
mod doctor;
mod healthcheck;
mod keys;
mod mail;
mod migrate;
mod openapi;
mod operator;
mod output;
mod serve;
mod service_key;
mod session;
mod token;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use identity::database::Database;
use store::{DatabaseUrl, Store, StoreOptions};

use crate::settings::{DatabaseArgs, ListenArgs, Mistakes, ServeArgs};
use crate::{environment, log_format};

/// A self-hosted identity and session service
#[derive(Parser)]
#[command(
    name = "symbolon",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command, the service starts, as with `symbolon serve`.\n\
                  Settings can also be set in the environment or in a file `.env`."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

impl Cli {
    /// Adds the mistakes in the settings to those in the environment, if there are any.
    fn check(&self, mut mistakes: Mistakes) -> Result<(), Mistakes> {
        let settings = match &self.command {
            None => Some(&self.serve),
            Some(Command::Serve(arguments)) => Some(&**arguments),
            // They have no settings.
            Some(Command::Openapi(_) | Command::Completions(_)) => return Ok(()),
            Some(_) => None,
        };
        if mistakes.are_none() {
            return Ok(());
        }
        if let Some(Err(others)) = settings.map(|settings| settings.clone().resolve()) {
            mistakes.append(others);
        }
        Err(mistakes)
    }
}

#[derive(Subcommand)]
enum Command {
    /// Start the service
    Serve(Box<ServeArgs>),
    /// Migrate the database
    Migrate(DatabaseArgs),
    /// Add, invite, list, disable, enable and delete users
    #[command(subcommand)]
    User(user::Command),
    /// List, show and revoke sessions
    #[command(subcommand)]
    Session(session::Command),
    /// List, rotate and import signing keys; replace the master key
    #[command(subcommand)]
    Keys(Box<keys::Command>),
    /// List, show and resend mails; send a test
    #[command(subcommand)]
    Mail(mail::Command),
    /// Create, list and revoke the service keys of trusted back ends
    #[command(subcommand)]
    ServiceKey(service_key::Command),
    /// Search the audit trail: what happened to users, sessions and keys
    #[command(subcommand)]
    Audit(audit::Command),
    /// Inspect and verify tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Check settings, files, database, keys, mail, clock, and whether browsers send the cookie
    Doctor(Box<doctor::Arguments>),
    /// Check whether the service on this machine is ready
    Healthcheck(ListenArgs),
    /// Print the OpenAPI document
    Openapi(Box<openapi::Arguments>),
    /// Print a shell completion script
    Completions(completions::Arguments),
}

/// Why a command failed.
enum Failed {
    /// Its arguments or the settings are invalid.
    Usage(String),
    /// It could not do its work.
    Work(String),
}

impl From<Mistakes> for Failed {
    fn from(mistakes: Mistakes) -> Self {
        Failed::Usage(mistakes.to_string())
    }
}

/// Runs the program. The exit code is 0 on success, 1 on failure, and 2 if arguments or settings are
/// invalid.
pub fn main() -> ExitCode {
    if let Err(why) = environment::read_env_file() {
        output::complain(&format!("symbolon: cannot read the file .env: {why}"));
        return ExitCode::from(2);
    }
    let (command, mistakes) = environment::adapt(Cli::command());
    let matches = command.get_matches();
    if let Some(why) = environment::secret_among_arguments(&matches) {
        output::complain(&format!("symbolon: {why}"));
        return ExitCode::from(2);
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|why| why.exit());
    if let Err(mistakes) = cli.check(mistakes) {
        output::complain(&format!("symbolon: {mistakes}"));
        return ExitCode::from(2);
    }
    let is_service = matches!(cli.command, None | Some(Command::Serve(_)));
    if !is_service {
        log_format::start(log_format::COMMAND);
    }
    let result = match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(arguments)) => serve::run(*arguments),
        Some(Command::Audit(command)) => audit::run(command),
        Some(Command::Migrate(arguments)) => migrate::run(arguments),
        Some(Command::User(command)) => user::run(command),
        Some(Command::Session(command)) => session::run(command),
        Some(Command::Keys(command)) => keys::run(*command),
        Some(Command::Mail(command)) => mail::run(command),
        Some(Command::ServiceKey(command)) => service_key::run(command),
        Some(Command::Token(command)) => token::run(command),
        Some(Command::Doctor(arguments)) => doctor::run(*arguments),
        Some(Command::Healthcheck(arguments)) => healthcheck::run(arguments),
        Some(Command::Openapi(arguments)) => openapi::run(*arguments),
        Some(Command::Completions(arguments)) => completions::run::<Cli>(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Work(why)) => {
            output::complain(&format!("symbolon: {why}"));
            ExitCode::from(1)
        }
        Err(Failed::Usage(why)) => {
            output::complain(&format!("symbolon: {why}"));
            ExitCode::from(2)
        }
    }
}

/// Opens a database that a service or `symbolon migrate` has made, and migrates it. In another directory than
/// that of the service, a new one would be of no use.
fn open_existing(database: &Database) -> Result<Store, Failed> {
    if let DatabaseUrl::Sqlite(file) = &database.url
        && !file.exists()
    {
        return Err(Failed::Work(format!(
            "there is no database at {}; start the service first or run symbolon migrate, or say where it is \
             (SYMBOLON_DATA_DIR, DATABASE_URL)",
            file.display()
        )));
    }
    // With more, some would still be opened when the command ends.
    let options = StoreOptions {
        connections: 1,
        ..database.options
    };
    let url = database.url.clone();
    let (store, _) = Database { url, options }.open().map_err(Failed::work)?;
    Ok(store)
}

impl Failed {
    fn work(error: impl std::fmt::Display) -> Self {
        Failed::Work(error.to_string())
    }
}

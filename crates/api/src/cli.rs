//! The command line.

mod audit;
mod completions;
mod doctor;
mod healthcheck;
mod keys;
mod migrate;
mod openapi;
mod output;
mod serve;
mod service_key;
mod session;
mod token;
mod user;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::log_format::{self, LogFormat};
use crate::settings::{DatabaseArgs, ListenArgs, Mistakes, ServeArgs};

/// A self-hosted token and session service
#[derive(Parser)]
#[command(
    name = "symbolon",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Without a command the service is started, as with `symbolon serve`.\n\
                  Settings may also stand in the environment or in a file `.env`."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Start the service
    Serve(Box<ServeArgs>),
    /// Bring the database's tables up to date
    Migrate(DatabaseArgs),
    /// Add, list, disable, enable and delete users
    #[command(subcommand)]
    User(user::Command),
    /// List sessions and end them
    #[command(subcommand)]
    Session(session::Command),
    /// List, rotate and import the keys that sign tokens; replace the master key
    #[command(subcommand)]
    Keys(Box<keys::Command>),
    /// Make, list and revoke the service keys of trusted back ends
    #[command(subcommand)]
    ServiceKey(service_key::Command),
    /// Show what happened to accounts, sessions and keys
    #[command(subcommand)]
    Audit(audit::Command),
    /// Show what a token says, and say whether it is good
    #[command(subcommand)]
    Token(token::Command),
    /// Look for what will not work: settings, files, database, keys, clock, and whether the cookie
    /// travels
    Doctor(Box<doctor::Arguments>),
    /// Ask the service on this machine whether it is ready
    Healthcheck(ListenArgs),
    /// Print the OpenAPI document
    Openapi(Box<openapi::Arguments>),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

/// Why a command did not do what it was asked.
enum Failed {
    /// It was asked wrongly.
    Usage(String),
    /// It could not.
    Work(String),
}

impl From<Mistakes> for Failed {
    fn from(mistakes: Mistakes) -> Self {
        Failed::Usage(mistakes.to_string())
    }
}

/// Runs the program: 0 when it did what it was asked, 1 when it could not, 2 when it was asked
/// wrongly.
pub fn main() -> ExitCode {
    if let Err(why) = read_env_file() {
        eprintln!("symbolon: the file .env cannot be read: {why}");
        return ExitCode::from(2);
    }
    let cli = Cli::parse();
    let serves = matches!(cli.command, None | Some(Command::Serve(_)));
    if !serves {
        log_format::start(LogFormat::Text);
    }
    let result = match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(arguments)) => serve::run(*arguments),
        Some(Command::Audit(command)) => audit::run(command),
        Some(Command::Migrate(arguments)) => migrate::run(arguments),
        Some(Command::User(command)) => user::run(command),
        Some(Command::Session(command)) => session::run(command),
        Some(Command::Keys(command)) => keys::run(*command),
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
            eprintln!("symbolon: {why}");
            ExitCode::from(1)
        }
        Err(Failed::Usage(why)) => {
            eprintln!("symbolon: {why}");
            ExitCode::from(2)
        }
    }
}

/// That of the working directory alone: one above it may be a stranger's.
fn read_env_file() -> Result<(), String> {
    match dotenvy::from_path(Path::new(".env")) {
        Err(error) if error.not_found() => Ok(()),
        // It quotes the line, which may hold a password.
        Err(dotenvy::Error::LineParse(..)) => Err("a line is not NAME=VALUE; a value with \
             white space or # stands in quotation marks"
            .to_owned()),
        result => result.map_err(|error| error.to_string()),
    }
}

impl Failed {
    fn work(error: impl std::fmt::Display) -> Self {
        Failed::Work(error.to_string())
    }
}

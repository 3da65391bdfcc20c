mod checks;
mod jwk_set;
mod parts;
mod verify;

use std::io;

use clap::{Args, Subcommand};
use identity::clock::{Clock, SystemClock};
use identity::text;
use parts::Parts;

use super::{Failed, output};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the header and claims of a token, valid or not; works offline
    Inspect(InspectArguments),
    /// Verify a token, and show the result of each check
    Verify(Box<verify::Arguments>),
}

#[derive(Args)]
pub(super) struct InspectArguments {
    /// The token, or - for standard input, which leaves no trace in the shell's history
    #[arg(value_name = "TOKEN")]
    token: String,
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Inspect(arguments) => inspect(&arguments),
        Command::Verify(arguments) => verify::run(*arguments),
    }
}

fn inspect(arguments: &InspectArguments) -> Result<(), Failed> {
    let token = read(&arguments.token)?;
    let parts = Parts::decode(&token).map_err(Failed::Work)?;
    output::print(&parts.describe(SystemClock.now()))
}

fn read(argument: &str) -> Result<String, Failed> {
    let text = match argument {
        "-" => text::read(io::stdin()).map_err(Failed::work)?,
        token => token.to_owned(),
    };
    let text = text.trim();
    Ok(text.strip_prefix("Bearer ").unwrap_or(text).to_owned())
}

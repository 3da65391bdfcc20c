//! Symbolon beside what it could be compared with, in one run: a bare actix hello-world, the bare
//! statements without HTTP, pgbench, and Django REST framework with SimpleJWT.
//!
//! The contenders take turns in short rounds, so that a machine whose speed drifts slows all of
//! them; what counts are ratios of medians. Everything is started here and stopped with it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod accounts;
mod django;
mod hello;
mod measure;
mod memory;
mod report;
mod size;
mod statements;
mod svg;
mod symbolon;
mod throughput;
mod wrk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use report::Report;

#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// How often each contender has its turn
    #[arg(long, default_value = "7")]
    rounds: usize,
    /// Seconds of one turn
    #[arg(long, default_value = "3")]
    seconds: u64,
    /// Renewals over which the memory is watched; 0 leaves it out
    #[arg(long, default_value = "1000000")]
    renewals: u64,
    /// Sessions of the large table; 0 leaves it out
    #[arg(long, default_value = "10000000")]
    sessions: u64,
    /// Without Django
    #[arg(long)]
    no_django: bool,
    /// Where the figures go, as JSON
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
    /// Where the plot goes
    #[arg(long, default_value = "target/bench.svg")]
    svg: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The hello-world, started by the benchmark itself
    #[command(hide = true)]
    Hello,
    /// Signing in: its throughput, and what a storm of guesses does to others
    Accounts,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Hello) = arguments.command {
        hello::serve();
        return ExitCode::SUCCESS;
    }
    let went = match arguments.command {
        Some(Command::Accounts) => symbolon::build().and_then(|()| {
            accounts::measure(arguments.rounds, Duration::from_secs(arguments.seconds))
        }),
        _ => run(&arguments),
    };
    match went {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    wrk::is_installed()?;
    symbolon::build()?;
    let turn = Duration::from_secs(arguments.seconds);
    let mut report = Report::default();
    throughput::measure(arguments.rounds, turn, !arguments.no_django, &mut report)?;
    if arguments.sessions > 0 {
        size::measure(arguments.rounds, turn, arguments.sessions, &mut report)?;
    }
    if arguments.renewals > 0 {
        memory::measure(arguments.renewals, &mut report)?;
    }
    print!("{}", report.to_markdown());
    let write = |path: &PathBuf, text: String| {
        std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))
    };
    write(&arguments.json, report.to_json())?;
    write(&arguments.svg, svg::plot(&report))
}

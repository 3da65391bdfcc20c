//! Compares Symbolon, in one run, with a bare actix hello-world, the bare statements without HTTP,
//! pgbench, and Django REST framework with SimpleJWT.
//!
//! The contenders run in turn, in short rounds, so that a machine whose speed varies affects all of
//! them alike. The results are ratios of medians. The benchmark starts and stops every server itself.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod accounts;
mod django;
mod enumeration;
mod hello;
mod instructions;
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
    /// The number of rounds
    #[arg(long, default_value = "7")]
    rounds: usize,
    /// The seconds that each contender runs per round
    #[arg(long, default_value = "3")]
    seconds: u64,
    /// The renewals over which memory is measured; 0 skips this
    #[arg(long, default_value = "1000000")]
    renewals: u64,
    /// The sessions in the large table; 0 skips this
    #[arg(long, default_value = "10000000")]
    sessions: u64,
    /// Measure only the throughput of contenders whose name contains this, such as `verify`
    #[arg(long)]
    only: Option<String>,
    /// Skip Django
    #[arg(long)]
    no_django: bool,
    /// Write the figures to this file, as JSON
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
    /// Write the plot to this file, as SVG
    #[arg(long, default_value = "target/bench.svg")]
    svg: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve hello-world; the benchmark starts this itself
    #[command(hide = true)]
    Hello,
    /// Measure signing in: its throughput, and how a flood of guesses affects other users
    Accounts,
    /// Measure whether the time of an answer tells that an address has an account
    Enumeration {
        /// The addresses with an account, and without
        #[arg(long, default_value = "500")]
        pairs: usize,
    },
    /// Count the instructions of a verification, under valgrind
    Instructions,
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
        Some(Command::Enumeration { pairs }) => {
            symbolon::build().and_then(|()| enumeration::measure(pairs))
        }
        Some(Command::Instructions) => symbolon::build().and_then(|()| instructions::measure()),
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
    let only = arguments.only.as_deref();
    throughput::measure(
        arguments.rounds,
        turn,
        !arguments.no_django,
        only,
        &mut report,
    )?;
    if only.is_some() {
        print!("{}", report.to_markdown());
        return Ok(());
    }
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

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Failed;

#[derive(Args)]
pub(super) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run<Cli: CommandFactory>(arguments: Arguments) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "symbolon",
        &mut script,
    );
    super::output::print_if_read(&String::from_utf8_lossy(&script)).map(drop)
}

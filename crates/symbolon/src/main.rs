//! The `symbolon` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    symbolon::commands::main()
}

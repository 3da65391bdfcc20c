use clap::Args;

use super::Failed;
use crate::settings::ServeArgs;

#[derive(Args)]
pub(super) struct Arguments {
    /// Print YAML instead of JSON
    #[arg(long)]
    yaml: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failed> {
    let settings = arguments.serve.resolve()?;
    let document = api::document(&settings.service.http);
    let bytes = match arguments.yaml {
        true => document.yaml,
        false => document.json,
    };
    super::output::print_if_read(&String::from_utf8_lossy(&bytes)).map(drop)
}

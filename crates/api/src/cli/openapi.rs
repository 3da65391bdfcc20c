use clap::Args;

use super::Failed;
use crate::http::cookie::RefreshCookie;
use crate::openapi;
use crate::settings::ServeArgs;

#[derive(Args)]
pub(super) struct Arguments {
    /// In YAML instead of JSON
    #[arg(long)]
    yaml: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failed> {
    let settings = arguments.serve.resolve()?;
    let document = openapi::document(&RefreshCookie::new(&settings.http));
    let bytes = match arguments.yaml {
        true => document.yaml,
        false => document.json,
    };
    super::output::print(&String::from_utf8_lossy(&bytes))
}

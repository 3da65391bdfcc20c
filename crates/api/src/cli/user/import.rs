use std::fs::File;
use std::io::{self, Read};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use store::DatabaseUrl;
use store::events::EventKind;

use crate::application::open_database;
use crate::cli::{Failed, audit, output};
use crate::clock::{Clock, SystemClock};
use crate::import::{Report, Source, import, read, read_django_db};
use crate::settings::DatabaseArgs;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// The form of what is imported
    #[arg(long, value_name = "FORM")]
    from: Source,
    /// A file, or - for standard input; for django-db the URL of the database, which for the sake of
    /// its password may stand in DJANGO_DATABASE_URL
    #[arg(
        value_name = "SOURCE",
        env = "DJANGO_DATABASE_URL",
        hide_env_values = true
    )]
    source: String,
    /// For django-db: the table
    #[arg(long, value_name = "TABLE", default_value = "auth_user")]
    table: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(in crate::cli) fn run(arguments: Arguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let source = &arguments.source;
    let rows = match arguments.from {
        Source::DjangoDb => {
            let url = DatabaseUrl::parse(source)
                .ok()
                .filter(|url| matches!(url, DatabaseUrl::Postgres(_)))
                .ok_or(Failed::Usage(
                    "the URL of a Django database begins with postgres://".to_owned(),
                ))?;
            read_django_db(&url, &arguments.table, &database.options).map_err(Failed::work)?
        }
        _ if source.contains("://") => {
            // It may have a password in it, and is not shown.
            let why = "the source is a URL; only --from django-db reads one";
            return Err(Failed::Usage(why.to_owned()));
        }
        form => {
            let text: Box<dyn Read> = match source.as_str() {
                "-" => Box::new(io::stdin()),
                file => Box::new(
                    File::open(file)
                        .map_err(|why| Failed::Work(format!("{file} cannot be read: {why}")))?,
                ),
            };
            read(form, text).map_err(|why| Failed::Work(format!("{source}: {why}")))?
        }
    };
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let bar = progress_bar(rows.len());
    let dry_run = arguments.dry_run;
    let report = import(&store, &rows, dry_run, SystemClock.now(), |done| {
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let report = report.map_err(Failed::work)?;
    if !dry_run && report.added > 0 {
        let detail = format!("command line: {} users", report.added);
        audit::record(&store, EventKind::UsersImported, |event| {
            event.detail(&detail)
        })?;
    }
    tell(&report, dry_run)
}

/// On standard error, and only where it is a terminal.
fn progress_bar(rows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} users, {eta} left");
    let bar = ProgressBar::new(rows as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn tell(report: &Report, dry_run: bool) -> Result<(), Failed> {
    for (place, why) in &report.refused {
        eprintln!("{}: {why}", output::plain(place));
    }
    let did = if dry_run { "Would import" } else { "Imported" };
    output::print(&format!(
        "{did} {} users, of whom {} have no password and {} are disabled. {} were there already, {} \
         were refused.",
        report.added,
        report.without_password,
        report.disabled,
        report.known,
        report.refused.len()
    ))?;
    match report.refused.len() {
        0 => Ok(()),
        refused => Err(Failed::Work(format!("{refused} rows were refused"))),
    }
}

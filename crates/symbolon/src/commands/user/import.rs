use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use clap::{Args, ValueEnum};
use identity::credentials::HashingParams;
use identity::database::Database;
use identity::text;
use identity::users::import::{ClaimMapping, Report, Rows, Source, read, read_django_db};
use indicatif::{ProgressBar, ProgressStyle};
use store::{Actor, DatabaseUrl};

use crate::commands::operator::{Operator, users};
use crate::commands::{Failed, output};
use crate::settings::DatabaseArgs;

#[derive(Args)]
pub(in crate::commands) struct Arguments {
    /// Format of the source
    #[arg(long, value_name = "FORM")]
    from: Form,
    /// A file, or - for standard input; for django-db the URL of the database, which can be set in
    /// DJANGO_DATABASE_URL to hide its password
    #[arg(
        value_name = "SOURCE",
        env = "DJANGO_DATABASE_URL",
        hide_env_values = true
    )]
    source: String,
    /// For django-db: the table
    #[arg(long, value_name = "TABLE", default_value = "auth_user")]
    table: String,
    /// A custom claim and the field that it is made of, as in role=role; can be repeated
    #[arg(long, value_name = "CLAIM=FIELD")]
    claim: Vec<ClaimMapping>,
    /// Report what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Format of the source.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// JSON from Django's `dumpdata`
    DjangoJson,
    /// The PostgreSQL database of a Django application, by its URL
    DjangoDb,
    /// Comma-separated values; the first line names the columns: id, name (or full_name, or first_name
    /// and last_name), email, password, is_active, date_joined and claims
    Csv,
    /// JSON lines: one object per line, with members of the same names
    Jsonl,
}

pub(in crate::commands) fn run(arguments: Arguments) -> Result<(), Failed> {
    let database = arguments.database.clone().resolve_alone()?;
    let Rows { rows, unused, .. } = read_rows(&arguments, &database)?;
    let operator = Operator::open(&database)?;
    let ports = operator.ports();
    let bar = progress_bar(rows.len());
    let dry_run = arguments.dry_run;
    let report = operator.run(async move {
        let users = users(ports, HashingParams::DEFAULT);
        let progress = |done| bar.set_position(done as u64);
        let report = users.import(&rows, dry_run, &Actor::CommandLine, progress);
        let report = report.await;
        bar.finish_and_clear();
        report
    })?;
    print(&report, &unused, dry_run)
}

fn read_rows(arguments: &Arguments, database: &Database) -> Result<Rows, Failed> {
    let source = &arguments.source;
    let form = match arguments.from {
        Form::DjangoDb => {
            let url = DatabaseUrl::parse(source)
                .ok()
                .filter(|url| matches!(url, DatabaseUrl::Postgres(_)))
                .ok_or(Failed::Usage(
                    "the URL of a Django database must start with postgres://".to_owned(),
                ))?;
            let allowed = arguments.database.refuse_unencrypted(&url);
            allowed.map_err(Failed::Usage)?;
            let rows = read_django_db(&url, &arguments.table, &database.options, &arguments.claim);
            return rows.map_err(Failed::work);
        }
        // Not shown, because it may contain a password.
        _ if source.contains("://") => {
            let why = "the source is a URL, which only --from django-db can read";
            return Err(Failed::Usage(why.to_owned()));
        }
        Form::DjangoJson => Source::DjangoJson,
        Form::Csv => Source::Csv,
        Form::Jsonl => Source::Jsonl,
    };
    let text = match source.as_str() {
        "-" => text::read(io::stdin()),
        file => File::open(file).and_then(text::read),
    };
    let text = text.map_err(|why| Failed::Work(format!("cannot read {source}: {why}")))?;
    read(form, text.as_bytes(), &arguments.claim)
        .map_err(|why| Failed::Work(format!("{source}: {why}")))
}

/// On standard error, and only if it is a terminal.
fn progress_bar(rows: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} users, {eta} left");
    let bar = ProgressBar::new(rows as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn print(report: &Report, unused: &BTreeSet<String>, dry_run: bool) -> Result<(), Failed> {
    if !unused.is_empty() {
        let names: Vec<_> = unused.iter().map(String::as_str).collect();
        output::complain(&format!(
            "note: these fields are not imported: {}; --claim role=FIELD makes a custom claim of one",
            names.join(", ")
        ));
    }
    for (place, why) in &report.refused {
        output::complain(&format!("{place}: {why}"));
    }
    for (kind, count) in &report.weak {
        eprintln!(
            "warning: {count} password hashes are weaker than recommended ({kind}); their users get a new \
             hash at their next sign-in"
        );
    }
    let did = if dry_run { "Would import" } else { "Imported" };
    output::print(&format!(
        "{did} {} users ({} without a password, {} disabled). Skipped {} existing users, refused {} rows.",
        report.added,
        report.without_password,
        report.disabled,
        report.known,
        report.refused.len()
    ))?;
    match report.refused.len() {
        0 => Ok(()),
        1 => Err(Failed::work("1 row was refused")),
        refused => Err(Failed::Work(format!("{refused} rows were refused"))),
    }
}

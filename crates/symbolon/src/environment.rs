//! The environment and the file `.env`, before settings are read from them.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use clap::builder::{Resettable, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use identity::text;

use crate::settings::{Mistakes, boolean};

/// Reads `.env` into the environment, where that does not have the variables. Only in the working directory: a
/// file above it may belong to somebody else.
///
/// # Errors
///
/// What is wrong with the file, without a value of it.
pub(crate) fn read_env_file() -> Result<(), String> {
    let text = match fs::read(".env") {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        read => read.map_err(|error| error.to_string())?,
    };
    let text = text::decode(text).map_err(|why| why.to_string())?;
    if let Some(line) = line_with_substitution(&text) {
        return Err(format!(
            "line {line} has a $, which would be replaced by a variable; put the value in single quotes"
        ));
    }
    match dotenvy::from_read(text.as_bytes()) {
        // The error quotes the line, which may contain a password.
        Err(dotenvy::Error::LineParse(..)) => {
            Err("a line is not NAME=VALUE; quote values with white space or #".to_owned())
        }
        result => result.map_err(|error| error.to_string()),
    }
}

/// The number of the first line with a `$` that is neither quoted nor in a comment.
fn line_with_substitution(text: &str) -> Option<usize> {
    let mut line = 1;
    let mut quote = None;
    let mut before = '\n';
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (_, '\n') => line += 1,
            (None | Some('"'), '\\') => {
                characters.next();
            }
            (None, '#') if before.is_whitespace() => {
                // The rest of the line.
                characters.by_ref().find(|character| *character == '\n');
                line += 1;
            }
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None | Some('"'), '$') => return Some(line),
            _ => {}
        }
        before = character;
    }
    None
}

/// Makes a command read blank variables as unset, values without the white space around them, and the
/// usual words for booleans. Returns also what is wrong with the environment.
pub(crate) fn adapt(command: Command) -> (Command, Mistakes) {
    let mut names = BTreeSet::new();
    let mut mistakes = Mistakes::default();
    let command = adapt_all(command, &mut names, &mut mistakes);
    for name in variables() {
        if !names.contains(&name) && !is_of_kubernetes(&name) {
            let nearest = names.iter().map(|known| {
                (
                    strsim::jaro_winkler(own_part(known), own_part(&name)),
                    known,
                )
            });
            let nearest = nearest.max_by(|(a, _), (b, _)| a.total_cmp(b));
            mistakes.add(
                &name,
                None,
                match nearest {
                    Some((likeness, known)) if likeness > 0.9 => {
                        format!("is not a setting; did you mean {known}?")
                    }
                    _ => "is not a setting; `symbolon serve --help` lists all".to_owned(),
                },
            );
        }
    }
    (command, mistakes)
}

/// Why arguments are refused, if they hold a secret: everyone on this machine can read the arguments of a
/// process.
pub(crate) fn secret_among_arguments(matches: &ArgMatches) -> Option<&'static str> {
    if let Some((_, matches)) = matches.subcommand() {
        return secret_among_arguments(matches);
    }
    let is_there = matches
        .try_contains_id("master_key")
        .is_ok_and(|is_there| is_there)
        && matches.value_source("master_key") == Some(ValueSource::CommandLine);
    is_there.then_some(
        "--master-key would show the key to everyone who can list processes; set SYMBOLON_MASTER_KEY or \
         SYMBOLON_MASTER_KEY_FILE instead",
    )
}

fn adapt_all(command: Command, names: &mut BTreeSet<String>, mistakes: &mut Mistakes) -> Command {
    let command = command.mut_args(|argument| adapt_one(argument, names, mistakes));
    let subcommands: Vec<_> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    subcommands.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| adapt_all(sub, names, mistakes))
    })
}

/// All settings begin alike.
fn own_part(name: &str) -> &str {
    name.strip_prefix("SYMBOLON_").unwrap_or(name)
}

fn adapt_one(argument: Arg, names: &mut BTreeSet<String>, mistakes: &mut Mistakes) -> Arg {
    let Some(name) = argument.get_env().and_then(|name| name.to_str()) else {
        return argument;
    };
    let name = name.to_owned();
    let value = variable(&name);
    let is_first = names.insert(name.clone());
    if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
        return argument.env(Resettable::Reset);
    }
    if argument.get_action().takes_values() {
        let is_path = argument.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        return match is_path {
            true => argument.value_parser(ValueParser::from(trimmed_path)),
            false => argument.value_parser(ValueParser::from(trimmed)),
        };
    }
    match value.as_deref().map(boolean) {
        Some(Err(why)) => {
            if is_first {
                mistakes.add(&name, value.as_deref(), why);
            }
            argument.env(Resettable::Reset)
        }
        _ => argument.value_parser(ValueParser::from(boolean)),
    }
}

fn trimmed(text: &str) -> Result<String, Infallible> {
    Ok(text.trim().to_owned())
}

fn trimmed_path(text: &str) -> Result<PathBuf, Infallible> {
    trimmed(text).map(PathBuf::from)
}

/// Whether Kubernetes sets a variable of this name, in every pod beside a service whose name begins with
/// `symbolon` ("Accessing the Service" in its documentation). No setting may have such a name.
fn is_of_kubernetes(name: &str) -> bool {
    let port_of = |rest: &str| {
        let mut parts = rest.split('_');
        let is_number = parts
            .next()
            .is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
        let protocol = parts.next();
        let rest: Vec<_> = parts.collect();
        is_number
            && protocol.is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol))
            && matches!(rest[..], [] | ["PROTO" | "PORT" | "ADDR"])
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT")
        || name
            .rsplit_once("_PORT_")
            .is_some_and(|(_, rest)| port_of(rest))
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, rest)| port_of(rest))
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// The names of all variables that look like settings.
fn variables() -> impl Iterator<Item = String> {
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("SYMBOLON_"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::commands::Cli;

    #[test]
    fn a_dollar_that_would_be_replaced_is_found() {
        for (text, line) in [
            ("A=b\nP=pa$word\n", Some(2)),
            ("P=\"pa$word\"", Some(1)),
            ("P=\"${X}\"", Some(1)),
            ("P='pa$word'\nQ=\"'$\"", Some(2)),
            ("P='pa$word'", None),
            ("P=pa\\$word", None),
            ("# $\nP=x # $\nQ='a\nb$'", None),
            ("# it's\nP=x#$", Some(2)),
            ("", None),
        ] {
            assert_eq!(line_with_substitution(text), line, "{text}");
        }
    }

    #[test]
    fn what_kubernetes_sets_is_told_from_settings() {
        for name in [
            "SYMBOLON_SERVICE_HOST",
            "SYMBOLON_SERVICE_PORT",
            "SYMBOLON_SERVICE_PORT_HTTP",
            "SYMBOLON_PORT",
            "SYMBOLON_PORT_8000_TCP",
            "SYMBOLON_PORT_8000_TCP_PROTO",
            "SYMBOLON_PORT_8000_TCP_PORT",
            "SYMBOLON_PORT_8000_TCP_ADDR",
            "SYMBOLON_METRICS_SERVICE_HOST",
            "SYMBOLON_METRICS_PORT_9100_UDP_ADDR",
        ] {
            assert!(is_of_kubernetes(name), "{name}");
        }
        for name in [
            "SYMBOLON_PORTS",
            "SYMBOLON_PORT_X_TCP",
            "SYMBOLON_PORT_1_TCP_X",
            "SYMBOLON_LISTEN",
        ] {
            assert!(!is_of_kubernetes(name), "{name}");
        }
        let mut names = BTreeSet::new();
        adapt_all(Cli::command(), &mut names, &mut Mistakes::default());
        assert!(names.len() > 30);
        for name in names {
            assert!(!is_of_kubernetes(&name), "{name}");
        }
    }
}

//! Where users come from.

use std::io::{BufRead, BufReader, Read};

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::Value;
use store::django::{self, DjangoError};
use store::{DatabaseUrl, StoreOptions};
use thiserror::Error;

use super::ForeignUser;

/// The form of what is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// What Django's `dumpdata` writes
    DjangoJson,
    /// A Django application's PostgreSQL database, by URL
    DjangoDb,
    /// Comma-separated values, with the names id, name, email, password, is_active, claims in the first
    /// line
    Csv,
    /// A JSON object each line, with members of these names
    Jsonl,
}

/// Why nothing can be imported.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is no JSON array of Django's.
    #[error("it is not what dumpdata writes: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no CSV.
    #[error("it is not CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A column that is needed is not there.
    #[error("its first line has no column {0}")]
    NoColumn(&'static str),
    /// There is nobody in it.
    #[error("there are no users in it")]
    Nobody,
    /// The database.
    #[error(transparent)]
    Django(#[from] DjangoError),
}

/// A row that was read, or where it stands and why it cannot be.
type Row = Result<ForeignUser, (String, String)>;

/// The users of a file in one of the forms.
///
/// # Errors
///
/// [`SourceError`].
pub fn read(source: Source, text: impl Read) -> Result<Vec<Row>, SourceError> {
    let rows = match source {
        Source::DjangoJson => django_json(text)?,
        Source::Csv => csv(text)?,
        Source::Jsonl => jsonl(text)?,
        Source::DjangoDb => Vec::new(),
    };
    match rows.is_empty() {
        true => Err(SourceError::Nobody),
        false => Ok(rows),
    }
}

/// The users of a Django application's database.
///
/// # Errors
///
/// [`SourceError`].
pub fn read_django_db(
    url: &DatabaseUrl,
    table: &str,
    options: &StoreOptions,
) -> Result<Vec<Row>, SourceError> {
    let users = django::users(url, table, options)?.into_iter();
    let rows = users.map(|user| {
        Ok(ForeignUser {
            place: format!("id {}", user.id),
            id: Some(user.id),
            name: user.name,
            email: user.email,
            password: user.password,
            is_active: user.is_active,
            claims: None,
        })
    });
    let rows: Vec<_> = rows.collect();
    match rows.is_empty() {
        true => Err(SourceError::Nobody),
        false => Ok(rows),
    }
}

#[derive(Deserialize)]
struct DjangoObject {
    #[serde(default)]
    model: String,
    #[serde(default)]
    pk: Value,
    #[serde(default)]
    fields: Value,
}

/// All objects with a password: a dump has others beside the users.
fn django_json(text: impl Read) -> Result<Vec<Row>, SourceError> {
    let objects: Vec<DjangoObject> = serde_json::from_reader(BufReader::new(text))?;
    let users = objects
        .into_iter()
        .filter(|object| object.fields.get("password").is_some());
    Ok(users
        .map(|object| {
            let field = |name: &str| object.fields.get(name).and_then(Value::as_str);
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let id = plain(&object.pk);
            Ok(ForeignUser {
                place: format!("{} {}", object.model, id.as_deref().unwrap_or("without pk")),
                id,
                name: owned(field("name").or(field("username"))),
                email: owned(field("email")),
                password: owned(field("password")),
                is_active: object.fields.get("is_active") != Some(&Value::Bool(false)),
                claims: None,
            })
        })
        .collect())
}

fn csv(text: impl Read) -> Result<Vec<Row>, SourceError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let titles = reader.headers()?.clone();
    let column = |name: &str| titles.iter().position(|title| title.trim() == name);
    let (id, name) = (column("id"), column("name").or_else(|| column("username")));
    let (email, password) = (column("email"), column("password"));
    for (found, name) in [
        (id, "id"),
        (name, "name"),
        (email, "email"),
        (password, "password"),
    ] {
        found.ok_or(SourceError::NoColumn(name))?;
    }
    let (is_active, claims) = (column("is_active"), column("claims"));
    let rows = reader.records().map(|record| {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Err((format!("line {line}"), "it is not UTF-8".to_owned()));
            }
        };
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        let cell = |column: Option<usize>| Some(record.get(column?)?.to_owned());
        if record.len() != titles.len() {
            let why = format!(
                "it has {} cells, the first line {}",
                record.len(),
                titles.len()
            );
            return Err((place, why));
        }
        let is_active = match cell(is_active).as_deref().map(str::trim) {
            None | Some("1" | "t" | "true" | "True" | "TRUE") => true,
            Some("0" | "f" | "false" | "False" | "FALSE") => false,
            Some(_) => return Err((place, "is_active: one of true, false".to_owned())),
        };
        Ok(ForeignUser {
            place,
            id: cell(id),
            name: cell(name),
            email: cell(email),
            password: cell(password),
            is_active,
            claims: cell(claims),
        })
    });
    Ok(rows.collect())
}

fn jsonl(text: impl Read) -> Result<Vec<Row>, SourceError> {
    let mut rows = Vec::new();
    for (n, line) in BufReader::new(text).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let place = format!("line {}", n + 1);
        let Ok(Value::Object(members)) = serde_json::from_str(&line) else {
            rows.push(Err((place, "it is not a JSON object".to_owned())));
            continue;
        };
        let text = |name: &str| members.get(name).and_then(plain);
        let is_active = match members.get("is_active") {
            None | Some(Value::Bool(true)) => true,
            Some(Value::Bool(false)) => false,
            Some(_) => {
                rows.push(Err((place, "is_active: must be true or false".to_owned())));
                continue;
            }
        };
        rows.push(Ok(ForeignUser {
            place,
            id: text("id"),
            name: text("name").or_else(|| text("username")),
            email: text("email"),
            password: text("password"),
            is_active,
            claims: members
                .get("claims")
                .filter(|c| !c.is_null())
                .map(Value::to_string),
        }));
    }
    Ok(rows)
}

/// A text, or a number as one.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

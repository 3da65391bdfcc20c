//! The forms that users are imported from.

use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde_json::Value;
use store::django::{self, DjangoError};
use store::{DatabaseUrl, StoreOptions};
use thiserror::Error;

use super::ForeignUser;

/// The format of a file to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// JSON from Django's `dumpdata`.
    DjangoJson,
    /// Comma-separated values; the first line names the columns id, name, email, password, is_active and
    /// claims.
    Csv,
    /// JSON lines: one object per line, with members of the same names.
    Jsonl,
}

/// Why the source cannot be read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// Reading failed.
    #[error("cannot read the source: {0}")]
    Read(#[from] std::io::Error),
    /// It is not a JSON array of Django objects.
    #[error("not the output of dumpdata: {0}")]
    Json(#[from] serde_json::Error),
    /// It is not CSV.
    #[error("not valid CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A required column is missing.
    #[error("the first line has no column {0}")]
    NoColumn(&'static str),
    /// It contains no users.
    #[error("the source contains no users")]
    Nobody,
    /// The database failed.
    #[error(transparent)]
    Django(#[from] DjangoError),
}

/// A row, or where it is and why it cannot be read.
pub type Row = Result<ForeignUser, (String, String)>;

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

/// All objects with a password: a dump may contain other objects.
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
                return Err((format!("line {line}"), "not UTF-8".to_owned()));
            }
        };
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        let cell = |column: Option<usize>| Some(record.get(column?)?.to_owned());
        if record.len() != titles.len() {
            let why = format!(
                "it has {} cells, but the first line has {}",
                record.len(),
                titles.len()
            );
            return Err((place, why));
        }
        let is_active = match cell(is_active).as_deref().map(str::trim) {
            None | Some("1" | "t" | "true" | "True" | "TRUE") => true,
            Some("0" | "f" | "false" | "False" | "FALSE") => false,
            Some(_) => return Err((place, "is_active: must be true or false".to_owned())),
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
            rows.push(Err((place, "not a JSON object".to_owned())));
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

/// A string, or a number as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

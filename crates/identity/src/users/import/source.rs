//! The forms that users are imported from. Each becomes objects with members, which [`Fields`] reads.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde_json::{Map, Value};
use store::django::{self, DjangoError};
use store::{DatabaseUrl, StoreOptions};
use thiserror::Error;

use super::ForeignUser;
use super::fields::{ClaimMapping, Fields};

/// The format of a file to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// JSON from Django's `dumpdata`.
    DjangoJson,
    /// Comma-separated values; the first line names the columns.
    Csv,
    /// JSON lines: one object per line.
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
    /// No user has a field of which a claim is to be made.
    #[error("no user has the field {0}, of which --claim makes a claim")]
    NoField(String),
    /// It contains no users.
    #[error("the source contains no users")]
    Nobody,
    /// The database failed.
    #[error(transparent)]
    Django(#[from] DjangoError),
}

/// A row, or where it is and why it cannot be read.
pub type Row = Result<ForeignUser, (String, String)>;

/// The users of a source.
#[derive(Debug, Default)]
pub struct Rows {
    /// Each user.
    pub rows: Vec<Row>,
    /// The fields that the source has and the import does not use.
    pub unused: BTreeSet<String>,
    /// The fields of which claims are made.
    mapped: BTreeSet<String>,
}

impl Rows {
    /// Adds the user that an object describes.
    fn add(&mut self, place: String, fields: &Fields<'_>) {
        fields.note_unused(&mut self.unused);
        fields.note_mapped(&mut self.mapped);
        self.rows.push(match fields.user(place.clone()) {
            Ok(user) => Ok(user),
            Err(why) => Err((place, why)),
        });
    }

    fn refuse(&mut self, place: String, why: &str) {
        self.rows.push(Err((place, why.to_owned())));
    }

    /// Unless there are no users, or none has a field that was named.
    fn checked(self, claims: &[ClaimMapping]) -> Result<Self, SourceError> {
        if self.rows.is_empty() {
            return Err(SourceError::Nobody);
        }
        let missing = |mapping: &&ClaimMapping| !self.mapped.contains(&mapping.field);
        match claims.iter().find(missing) {
            Some(mapping) => Err(SourceError::NoField(mapping.field.clone())),
            None => Ok(self),
        }
    }
}

/// The users of a file in one of the forms.
///
/// # Errors
///
/// [`SourceError`].
pub fn read(source: Source, text: impl Read, claims: &[ClaimMapping]) -> Result<Rows, SourceError> {
    let rows = match source {
        Source::DjangoJson => django_json(text, claims)?,
        Source::Csv => csv(text, claims)?,
        Source::Jsonl => jsonl(text, claims)?,
    };
    rows.checked(claims)
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
    claims: &[ClaimMapping],
) -> Result<Rows, SourceError> {
    let mut rows = Rows::default();
    for object in django::users(url, table, options)? {
        let members: Map<String, Value> = serde_json::from_str(&object)?;
        let place = format!("id {}", members.get("id").unwrap_or(&Value::Null));
        rows.add(place, &Fields::of_json(&members, claims));
    }
    rows.checked(claims)
}

#[derive(Deserialize)]
struct DjangoObject {
    #[serde(default)]
    model: String,
    #[serde(default)]
    pk: Value,
    #[serde(default)]
    fields: Map<String, Value>,
}

/// All objects with a password: a dump may contain other objects.
fn django_json(text: impl Read, claims: &[ClaimMapping]) -> Result<Rows, SourceError> {
    let objects: Vec<DjangoObject> = serde_json::from_reader(BufReader::new(text))?;
    let mut rows = Rows::default();
    for mut object in objects {
        if !object.fields.contains_key("password") {
            continue;
        }
        let place = format!(
            "{} {}",
            object.model,
            object.pk.to_string().replace('"', "")
        );
        if object.pk.is_null() {
            let why = "it has no pk; export again, without --natural-primary";
            rows.refuse(object.model, why);
            continue;
        }
        object.fields.insert("id".to_owned(), object.pk);
        rows.add(place, &Fields::of_json(&object.fields, claims));
    }
    Ok(rows)
}

fn csv(text: impl Read, claims: &[ClaimMapping]) -> Result<Rows, SourceError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let titles = reader.headers()?.clone();
    for required in ["id", "email", "password"] {
        if !titles.iter().any(|title| title.trim() == required) {
            return Err(SourceError::NoColumn(required));
        }
    }
    let mut rows = Rows::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                rows.refuse(format!("line {line}"), "not UTF-8");
                continue;
            }
        };
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        if record.len() != titles.len() {
            let (cells, columns) = (record.len(), titles.len());
            let why = format!("it has {cells} cells, but the first line has {columns}");
            rows.refuse(place, &why);
            continue;
        }
        let pairs = titles.iter().zip(&record);
        let members = pairs.map(|(title, cell)| (title.trim().to_owned(), cell.into()));
        rows.add(place, &Fields::of_csv(&members.collect(), claims));
    }
    Ok(rows)
}

fn jsonl(text: impl Read, claims: &[ClaimMapping]) -> Result<Rows, SourceError> {
    let mut rows = Rows::default();
    for (n, line) in BufReader::new(text).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let place = format!("line {}", n + 1);
        match serde_json::from_str(&line) {
            Ok(Value::Object(members)) => rows.add(place, &Fields::of_json(&members, claims)),
            _ => rows.refuse(place, "not a JSON object"),
        }
    }
    Ok(rows)
}

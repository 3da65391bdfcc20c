//! Importing users from another system: each row is checked, and added unless the user exists.

mod fields;
mod source;

use std::collections::{BTreeMap, HashSet};

use store::events::EventKind;
use store::users::{self, Import, PasswordHash, User, UserId};
use store::{Actor, AnyConnection, StoreError, UnixMillis};
use thiserror::Error;

use super::{CustomClaims, Email, InvalidCustomClaims, InvalidEmail, InvalidName, Name, Users};
use crate::clock::parse_rfc3339;
use crate::credentials::{InvalidHash, check_hash, weakness};
use crate::failure::Failure;

pub use fields::ClaimMapping;
pub use source::{Row, Rows, Source, SourceError, read, read_django_db};

/// A user as another system stores them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignUser {
    /// Where the row is, such as `line 7`.
    pub place: String,
    /// The id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
    /// The password hash in the form of that system. None, an empty one, and one that starts with `!`
    /// mean no password.
    pub password: Option<String>,
    /// Whether they may sign in.
    pub is_active: bool,
    /// When the account was made: RFC 3339.
    pub created_at: Option<String>,
    /// The custom claims, a JSON object.
    pub claims: Option<String>,
}

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The row cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The id is missing or invalid.
    #[error("id: must have 1 to 64 visible ASCII characters")]
    Id,
    /// The id is as a spreadsheet writes a number.
    #[error("id: {0} was changed by a spreadsheet; export the ids as text, all digits of them")]
    RoundedId(String),
    /// The time is not one.
    #[error("date_joined or created_at: must be a time before now, such as 2024-01-31T12:00:00Z")]
    CreatedAt,
    /// The name is invalid.
    #[error("name: {0}")]
    Name(#[from] InvalidName),
    /// The email address is invalid.
    #[error("email: {0}")]
    Email(#[from] InvalidEmail),
    /// The password hash cannot be verified.
    #[error("password: {0}")]
    Password(#[from] InvalidHash),
    /// The claims are invalid.
    #[error("claims: {0}")]
    Claims(#[from] InvalidCustomClaims),
    /// Another user has this id, or had it before they were deleted.
    #[error("another user has this id, or had it")]
    IdTaken,
    /// Another user has this email address.
    #[error("another user has this email address")]
    EmailTaken,
}

/// The outcome of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Users that were added, or would be.
    pub added: usize,
    /// Added users without a password.
    pub without_password: usize,
    /// Added users that are disabled.
    pub disabled: usize,
    /// Kinds of password hashes that are weaker than OWASP recommends, and how many added users have one.
    pub weak: BTreeMap<String, usize>,
    /// Users that exist already, with the same id and email address.
    pub known: usize,
    /// Rows that were refused: where they are, and why.
    pub refused: Vec<(String, Refused)>,
}

/// Users in one transaction. If an import stops, it is safe to run again: it resumes.
const BATCH: usize = 500;

impl Users {
    /// Imports users, and reports the number of rows looked at after each batch. A dry run does the
    /// same, and rolls it back.
    ///
    /// # Errors
    ///
    /// [`Failure`]; the batches before are imported.
    pub async fn import(
        &self,
        rows: &[Row],
        dry_run: bool,
        actor: &Actor,
        progress: impl Fn(usize),
    ) -> Result<Report, Failure> {
        let mut report = Report::default();
        let mut seen = Seen::default();
        let now = self.ports.clock.now();
        for (n, batch) in rows.chunks(BATCH).enumerate() {
            let users = check(batch, &mut seen, &mut report, now);
            let add = move |c: &mut _| add(c, &users);
            let outcomes = match dry_run {
                true => self.ports.store.dry_run(add).await?,
                false => self.ports.store.transaction(add).await?,
            };
            for (place, user, import) in outcomes {
                report.count(place, &user, import);
            }
            progress((n * BATCH + batch.len()).min(rows.len()));
        }
        if !dry_run && report.added > 0 {
            let event = self.ports.audit.event(EventKind::UsersImported);
            let event = event.actor(actor).subject(report.added.to_string());
            self.ports.audit.record(event);
        }
        Ok(report)
    }
}

/// The users of the rows that are valid; the others are reported.
fn check(
    rows: &[Row],
    seen: &mut Seen,
    report: &mut Report,
    now: UnixMillis,
) -> Vec<(String, User)> {
    let mut users = Vec::new();
    for row in rows {
        let (place, user) = match row {
            Ok(row) => (
                &row.place,
                parse(row, now).and_then(|user| seen.check(user)),
            ),
            Err((place, why)) => (place, Err(Refused::Unreadable(why.clone()))),
        };
        match user {
            Ok(user) => users.push((place.clone(), user)),
            Err(why) => report.refused.push((place.clone(), why)),
        }
    }
    users
}

fn add(
    connection: &mut AnyConnection,
    users: &[(String, User)],
) -> Result<Vec<(String, User, Import)>, StoreError> {
    let imports = users.iter().map(|(place, user)| {
        let import = users::import(connection, user)?;
        Ok((place.clone(), user.clone(), import))
    });
    imports.collect()
}

impl Report {
    fn count(&mut self, place: String, user: &User, import: Import) {
        match import {
            Import::Added => {
                self.added += 1;
                self.without_password += usize::from(user.password.is_none());
                self.disabled += usize::from(user.disabled_at.is_some());
                let hash = user.password.as_ref();
                if let Some(kind) = hash.and_then(|hash| weakness(hash.expose())) {
                    *self.weak.entry(kind).or_default() += 1;
                }
            }
            Import::Known => self.known += 1,
            Import::IdTaken => self.refused.push((place, Refused::IdTaken)),
            Import::EmailTaken => self.refused.push((place, Refused::EmailTaken)),
        }
    }
}

fn parse(row: &ForeignUser, now: UnixMillis) -> Result<User, Refused> {
    let id = row.id.as_deref().unwrap_or_default();
    if is_rounded(id) {
        return Err(Refused::RoundedId(id.to_owned()));
    }
    let id = UserId::parse(id).map_err(|_| Refused::Id)?;
    let name = row.name.as_deref().unwrap_or_default();
    let email = row.email.as_deref().unwrap_or_default();
    let created_at = match row.created_at.as_deref() {
        None => now,
        Some(text) => parse_rfc3339(text)
            .filter(|at| *at <= now)
            .ok_or(Refused::CreatedAt)?,
    };
    let password = row.password.as_deref();
    let password = password.filter(|hash| !hash.is_empty() && !hash.starts_with('!'));
    if let Some(hash) = password {
        check_hash(hash)?;
    }
    Ok(User {
        id,
        name: Name::parse(name)?.into(),
        email: Email::parse(email)?.into(),
        password: password.map(|hash| PasswordHash::new(hash.to_owned())),
        claims: match row.claims.as_deref() {
            None | Some("") => CustomClaims::default(),
            Some(claims) => CustomClaims::parse(claims)?,
        }
        .into(),
        created_at,
        disabled_at: (!row.is_active).then_some(now),
        email_verified_at: None,
        locale: None,
    })
}

/// Whether it is a number with a decimal point or an exponent, such as 74.0 and 1E+05.
fn is_rounded(id: &str) -> bool {
    let is_number = id
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+".contains(&byte));
    is_number && id.parse::<f64>().is_ok() && !id.bytes().all(|byte| byte.is_ascii_digit())
}

/// What earlier rows contain, because a dry run does not find it in the database.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    emails: HashSet<String>,
}

impl Seen {
    fn check(&mut self, user: User) -> Result<User, Refused> {
        let email = user.email.to_lowercase();
        if self.ids.contains(user.id.as_str()) {
            return Err(Refused::IdTaken);
        }
        if !self.emails.insert(email) {
            return Err(Refused::EmailTaken);
        }
        self.ids.insert(user.id.to_string());
        Ok(user)
    }
}

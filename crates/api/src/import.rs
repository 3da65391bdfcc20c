//! Moving users in from elsewhere: each row is checked, and added unless it is there.

mod source;

use std::collections::HashSet;

use store::users::{self, Imported, PasswordHash, User, UserId};
use store::{Store, StoreError, UnixMillis};
use thiserror::Error;

use crate::accounts::{Email, InvalidEmail, InvalidName, InvalidOwnClaims, Name, OwnClaims};
use crate::passwords::{InvalidHash, check_hash};

pub use source::{Source, SourceError, read, read_django_db};

/// A user as another system has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignUser {
    /// Where it stands, for people to find it: `line 7`.
    pub place: String,
    /// Their id.
    pub id: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// The hash of their password, as it is there; none, an empty one, or one that begins with `!`
    /// is no password.
    pub password: Option<String>,
    /// Whether they may sign in.
    pub is_active: bool,
    /// Their own claims, a JSON object.
    pub claims: Option<String>,
}

/// Why a user is not imported.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The row cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// They have no id, or it has other characters.
    #[error("id: must have 1 to 64 visible ASCII characters")]
    Id,
    /// Their name will not do.
    #[error("name: {0}")]
    Name(#[from] InvalidName),
    /// Their e-mail address will not do.
    #[error("email: {0}")]
    Email(#[from] InvalidEmail),
    /// Their password cannot be verified here.
    #[error("password: {0}")]
    Password(#[from] InvalidHash),
    /// Their claims will not do.
    #[error("claims: {0}")]
    Claims(#[from] InvalidOwnClaims),
    /// Another user has that id.
    #[error("another user has this id")]
    IdTaken,
    /// Another user has that name.
    #[error("another user has this name")]
    NameTaken,
    /// Another user has that e-mail address.
    #[error("another user has this e-mail address")]
    EmailTaken,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Those that were added, or would be.
    pub added: usize,
    /// Those of them without a password.
    pub without_password: usize,
    /// Those of them that are disabled.
    pub disabled: usize,
    /// Those that were there already, by id and e-mail address.
    pub known: usize,
    /// Those that were not, where they stand, and why.
    pub refused: Vec<(String, Refused)>,
}

/// Users in one transaction: a stop in between loses none, and the same import done again goes on.
const BATCH: usize = 500;

/// Imports users, and calls `progress` with how many were looked at after each batch. A dry run does
/// the same, and undoes it.
///
/// # Errors
///
/// [`StoreError`]; the batches before are imported.
pub fn import(
    store: &Store,
    rows: &[Result<ForeignUser, (String, String)>],
    dry_run: bool,
    now: UnixMillis,
    progress: impl Fn(usize),
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut seen = Seen::default();
    for (n, batch) in rows.chunks(BATCH).enumerate() {
        let mut users = Vec::new();
        for row in batch {
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
        for (place, user, imported) in add(store, users, dry_run)? {
            match imported {
                Imported::Added => {
                    report.added += 1;
                    report.without_password += usize::from(user.password.is_none());
                    report.disabled += usize::from(user.disabled_at.is_some());
                }
                Imported::Known => report.known += 1,
                Imported::IdTaken => report.refused.push((place, Refused::IdTaken)),
                Imported::NameTaken => report.refused.push((place, Refused::NameTaken)),
                Imported::EmailTaken => report.refused.push((place, Refused::EmailTaken)),
            }
        }
        progress((n * BATCH + batch.len()).min(rows.len()));
    }
    Ok(report)
}

type Outcomes = Vec<(String, User, Imported)>;

fn add(store: &Store, users: Vec<(String, User)>, dry_run: bool) -> Result<Outcomes, StoreError> {
    let (sender, outcomes) = std::sync::mpsc::channel();
    let added = store.transaction(move |c| {
        let mut outcomes = Vec::new();
        for (place, user) in users {
            let imported = users::import(c, &user)?;
            outcomes.push((place, user, imported));
        }
        // Also where all is undone, they are to be known.
        let _ = sender.send(outcomes);
        match dry_run {
            true => Err(StoreError::Undone),
            false => Ok(()),
        }
    });
    match added {
        Err(StoreError::Undone) | Ok(()) => Ok(outcomes.recv().unwrap_or_default()),
        Err(error) => Err(error),
    }
}

fn parse(row: &ForeignUser, now: UnixMillis) -> Result<User, Refused> {
    let id = UserId::parse(row.id.as_deref().unwrap_or_default()).map_err(|_| Refused::Id)?;
    let name = row.name.as_deref().unwrap_or_default();
    let email = match row.email.as_deref() {
        // Where people sign in with their address, it is often the name.
        None | Some("") => name,
        Some(email) => email,
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
            None | Some("") => OwnClaims::default(),
            Some(claims) => OwnClaims::parse(claims)?,
        }
        .into(),
        created_at: now,
        disabled_at: (!row.is_active).then_some(now),
    })
}

/// What rows before had: a dry run does not find it in the database.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    names: HashSet<String>,
    emails: HashSet<String>,
}

impl Seen {
    fn check(&mut self, user: User) -> Result<User, Refused> {
        let email = user.email.to_lowercase();
        if self.ids.contains(user.id.as_str()) {
            return Err(Refused::IdTaken);
        }
        if self.names.contains(&user.name) {
            return Err(Refused::NameTaken);
        }
        if !self.emails.insert(email) {
            return Err(Refused::EmailTaken);
        }
        self.ids.insert(user.id.to_string());
        self.names.insert(user.name.clone());
        Ok(user)
    }
}

//! Settings: each is a flag with an environment variable, default and help. They are read as text and
//! then resolved together, so that all mistakes are reported at once, before anything starts.

mod accounts;
mod audit;
mod brand;
mod database;
mod http;
mod keys;
mod limits;
mod mail;
mod sessions;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use api::settings::{Keys, PublicUrl, Settings};
use clap::Args;
use identity::database::Database;
use thiserror::Error;

use crate::log_format::LogFormat;

pub use accounts::HashingArgs;
pub use database::{DatabaseArgs, libpq_defaults};
pub use http::ListenArgs;

/// All settings of the service, as text.
#[derive(Args, Clone)]
pub struct ServeArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    http: http::HttpArgs,
    #[command(flatten)]
    keys: keys::KeysArgs,
    #[command(flatten)]
    sessions: sessions::SessionsArgs,
    #[command(flatten)]
    accounts: accounts::AccountsArgs,
    #[command(flatten)]
    mail: mail::MailArgs,
    #[command(flatten)]
    brand: brand::BrandArgs,
    #[command(flatten)]
    limits: limits::LimitArgs,
    #[command(flatten)]
    audit: audit::AuditArgs,
}

/// All settings of `symbolon serve`.
#[derive(Clone, Debug)]
pub struct ServeSettings {
    /// The settings of the service.
    pub service: Settings,
    /// The directory for the embedded database and the master key file.
    pub data_dir: PathBuf,
    /// The format of the log.
    pub log_format: LogFormat,
}

impl ServeArgs {
    /// Resolves all settings.
    ///
    /// # Errors
    ///
    /// All [`Mistakes`] in them.
    pub fn resolve(self) -> Result<ServeSettings, Mistakes> {
        let mut mistakes = Mistakes::default();
        let data_dir = self.database.data_dir().to_owned();
        // All of them, before the first missing one ends the resolution.
        let database = self.database.resolve(&mut mistakes);
        let http = self.http.resolve(&mut mistakes);
        let sessions = self.sessions.resolve(&mut mistakes);
        let keys = self
            .keys
            .resolve(&data_dir, sessions.as_ref(), &mut mistakes);
        let public_url = http.as_ref().map(|http| &http.public_url);
        let brand = self.brand.resolve(public_url, &mut mistakes);
        let mail = self.mail.resolve(public_url, brand.as_ref(), &mut mistakes);
        let has_mail = mail.as_ref().is_some_and(|mail| mail.transport.is_some());
        let is_local = public_url.is_some_and(PublicUrl::is_local);
        let accounts = self.accounts.resolve(has_mail, is_local, &mut mistakes);
        let limits = self.limits.resolve(&mut mistakes);
        let audit = self.audit.resolve(&mut mistakes);
        let settings = || {
            let (sessions, audit) = (sessions?, audit?);
            Some(ServeSettings {
                service: Settings {
                    database: database?,
                    http: http?,
                    keys: keys?,
                    access_ttl: sessions.access_ttl,
                    sessions: sessions.rules,
                    accounts: accounts?,
                    mail: mail?,
                    brand: brand?,
                    limits: limits?,
                    audit_retention: audit.retention,
                    replica: audit.replica,
                },
                data_dir,
                log_format: audit.log_format,
            })
        };
        mistakes.or(settings())
    }
}

/// The settings of the key ring, as text.
#[derive(Args, Clone)]
pub struct KeyRingArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    keys: keys::KeysArgs,
    #[command(flatten)]
    sessions: sessions::SessionsArgs,
}

impl KeyRingArgs {
    /// Resolves the settings.
    ///
    /// # Errors
    ///
    /// All [`Mistakes`] in them.
    pub fn resolve(self) -> Result<(Database, Keys), Mistakes> {
        let mut mistakes = Mistakes::default();
        let data_dir = self.database.data_dir().to_owned();
        let database = self.database.resolve(&mut mistakes);
        let sessions = self.sessions.resolve(&mut mistakes);
        let keys = self
            .keys
            .resolve(&data_dir, sessions.as_ref(), &mut mistakes);
        mistakes.or(database.zip(keys))
    }
}

/// The mistakes in the settings, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// The settings, unless there are mistakes.
    fn or<T>(self, settings: Option<T>) -> Result<T, Self> {
        settings.filter(|_| self.0.is_empty()).ok_or(self)
    }

    /// Whether there are none.
    pub(crate) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds those of others.
    pub(crate) fn append(&mut self, others: Mistakes) {
        self.0.extend(others.0);
    }

    /// Adds a mistake; the value is only passed if it is not secret.
    pub(crate) fn add(&mut self, variable: &str, value: Option<&str>, why: impl fmt::Display) {
        self.0.push(match value {
            Some(value) => format!("{variable}={value}: {why}"),
            None => format!("{variable}: {why}"),
        });
    }

    /// The value, or `None` after adding the mistake.
    fn note<T, E: fmt::Display>(
        &mut self,
        variable: &str,
        value: &str,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|why| self.add(variable, Some(value), why))
            .ok()
    }

    /// Each value of a list separated by commas.
    fn note_each<T, E: fmt::Display>(
        &mut self,
        variable: &str,
        list: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let items = list
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        let parsed: Vec<_> = items
            .map(|item| self.note(variable, item, parse(item)))
            .collect();
        parsed.into_iter().collect()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid settings:")?;
        for mistake in &self.0 {
            write!(f, "\n  - {mistake}")?;
        }
        Ok(())
    }
}

/// Reads the usual words for a boolean.
pub(crate) fn boolean(text: &str) -> Result<bool, &'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "on" | "true" | "yes" => Ok(true),
        "0" | "off" | "false" | "no" => Ok(false),
        _ => Err("must be on or off (or true, yes, 1; false, no, 0)"),
    }
}

/// Reads a duration such as `5m`, from `least` to ten years.
pub(crate) fn duration(text: &str, least: Duration) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(10 * 366 * 86_400);
    match humantime::parse_duration(text) {
        Ok(duration) if duration < least => Err(format!(
            "must be at least {}",
            humantime::format_duration(least)
        )),
        Ok(duration) if duration > MOST => Err("must be at most ten years".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("must be a duration, such as 30s, 5m, 12h or 3d".to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests;

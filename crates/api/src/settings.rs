//! Settings: each a flag, with its environment variable, default and help. They are read as
//! texts, then resolved together, so that all mistakes are told at once and before anything
//! starts.

mod accounts;
mod audit;
mod database;
mod http;
mod keys;
mod limits;
mod sessions;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use thiserror::Error;

use crate::limits::LimitRules;
use crate::sessions::SessionRules;

pub use accounts::{Accounts, HashingArgs};
pub use audit::Audit;
pub use database::{Database, DatabaseArgs};
pub(crate) use http::is_local;
pub use http::{ClaimHeader, Http, ListenArgs, Origin, PublicUrl, SameSite};
pub use keys::Keys;

/// All settings of the service, as they were given.
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
    limits: limits::LimitArgs,
    #[command(flatten)]
    audit: audit::AuditArgs,
}

/// All settings of the service.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where everything is kept.
    pub database: Database,
    /// How it is reached.
    pub http: Http,
    /// What signs the tokens.
    pub keys: Keys,
    /// How long an access token is good.
    pub access_ttl: Duration,
    /// What sessions keep to.
    pub sessions: SessionRules,
    /// Who may have an account, and where it is looked after.
    pub accounts: Accounts,
    /// How often one may try.
    pub limits: LimitRules,
    /// What is told of what happens.
    pub audit: Audit,
}

impl ServeArgs {
    /// # Errors
    ///
    /// All [`Mistakes`] in them.
    pub fn resolve(self) -> Result<Settings, Mistakes> {
        let mut mistakes = Mistakes::default();
        let database = self.database.resolve(&mut mistakes);
        let http = self.http.resolve(&mut mistakes);
        let data_dir = database
            .as_ref()
            .map_or_else(PathBuf::new, |d| d.data_dir.clone());
        let sessions = self.sessions.resolve(&mut mistakes);
        let keys = self
            .keys
            .resolve(&data_dir, sessions.as_ref(), &mut mistakes);
        let accounts = self.accounts.resolve(&mut mistakes);
        let limits = self.limits.resolve(&mut mistakes);
        let audit = self.audit.resolve(&mut mistakes);
        match (database, http, keys, sessions, accounts, limits, audit) {
            (
                Some(database),
                Some(http),
                Some(keys),
                Some(sessions),
                Some(accounts),
                Some(limits),
                Some(audit),
            ) if mistakes.0.is_empty() => Ok(Settings {
                limits,
                audit,
                database,
                http,
                keys,
                access_ttl: sessions.access_ttl,
                sessions: sessions.rules,
                accounts,
            }),
            _ => Err(mistakes),
        }
    }
}

/// The settings that concern signing keys, as they were given.
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
    /// # Errors
    ///
    /// All [`Mistakes`] in them.
    pub fn resolve(self) -> Result<(Database, Keys), Mistakes> {
        let mut mistakes = Mistakes::default();
        let database = self.database.resolve(&mut mistakes);
        let sessions = self.sessions.resolve(&mut mistakes);
        let data_dir = database
            .as_ref()
            .map_or_else(PathBuf::new, |d| d.data_dir.clone());
        let keys = self
            .keys
            .resolve(&data_dir, sessions.as_ref(), &mut mistakes);
        match (database, keys) {
            (Some(database), Some(keys)) if mistakes.0.is_empty() => Ok((database, keys)),
            _ => Err(mistakes),
        }
    }
}

/// What is wrong with the settings, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// Notes a mistake; the value is shown only where it is no secret.
    fn add(&mut self, variable: &str, value: Option<&str>, why: impl fmt::Display) {
        self.0.push(match value {
            Some(value) => format!("{variable}={value}: {why}"),
            None => format!("{variable}: {why}"),
        });
    }

    /// The value, or a note of why there is none.
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

    /// Each of a list separated by commas.
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
        f.write_str("the settings cannot be used:")?;
        for mistake in &self.0 {
            write!(f, "\n  - {mistake}")?;
        }
        Ok(())
    }
}

/// A setting that is on or off.
fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("one of on, off"),
    }
}

/// A time as people write it, from `least` to ten years.
pub(crate) fn duration(text: &str, least: Duration) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_secs(10 * 366 * 86_400);
    match humantime::parse_duration(text) {
        Ok(duration) if duration < least => Err(format!(
            "must be at least {}",
            humantime::format_duration(least)
        )),
        Ok(duration) if duration > MOST => Err("must be at most ten years".to_owned()),
        Ok(duration) => Ok(duration),
        Err(_) => Err("a time, as in 30s, 5m, 12h or 3d".to_owned()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        serve: ServeArgs,
    }

    pub(crate) fn resolve(arguments: &[&str]) -> Result<Settings, Mistakes> {
        let arguments = std::iter::once(&"symbolon").chain(arguments);
        Cli::try_parse_from(arguments).unwrap().serve.resolve()
    }

    fn mistakes(arguments: &[&str]) -> String {
        resolve(arguments).unwrap_err().to_string()
    }

    /// Each row of the README's table that is a flag: variable and default.
    fn documented() -> Vec<(String, String)> {
        let readme = include_str!("../../../README.md");
        let table = readme
            .split("## Settings")
            .nth(1)
            .unwrap()
            .split("\n## ")
            .next()
            .unwrap();
        let rows = table.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split(" | ");
            let cell = |cell: &str| cell.trim_matches('`').to_owned();
            Some((cell(cells.next()?), cell(cells.next()?)))
        });
        rows.filter(|(variable, _)| variable != "RUST_LOG")
            .collect()
    }

    #[test]
    fn the_readme_lists_every_setting_with_its_default() {
        let command = <Cli as clap::CommandFactory>::command();
        let arguments = command.get_arguments();
        let mut flags: Vec<_> = arguments
            .filter_map(|argument| {
                let variable = argument.get_env()?.to_str()?.to_owned();
                let default = argument.get_default_values().first();
                let default = default.map_or_else(String::new, |d| d.to_str().unwrap().to_owned());
                Some((variable, default))
            })
            .collect();
        let mut documented = documented();
        flags.sort();
        documented.sort();
        // Some defaults follow from others, and are told in words.
        for ((flag, default), (row, told)) in flags.iter().zip(&documented) {
            assert_eq!(flag, row);
            assert!(
                default == told || default.is_empty() || default == "false",
                "{flag}: {told}"
            );
        }
        assert_eq!(flags.len(), documented.len());
    }

    #[test]
    fn defaults_follow_from_others() {
        let settings = resolve(&["--data-dir=/d", "--public-url=https://id.example.org/"]).unwrap();
        assert_eq!(settings.database.url.to_string(), "sqlite:///d/symbolon.db");
        assert_eq!(settings.http.public_url.issuer(), "https://id.example.org");
        assert_eq!(settings.http.audience, "https://id.example.org");
        assert!(settings.http.trusted_issuers.is_empty());
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let told = mistakes(&[
            "--database-url=mysql://x",
            "--listen=nowhere",
            "--access-ttl=soon",
            "--signing-alg=none",
            "--registration=maybe",
            "--trusted-issuers=10.0.0.0/8,ten",
        ]);
        for variable in [
            "DATABASE_URL: it must begin",
            "SYMBOLON_LISTEN=nowhere",
            "SYMBOLON_ACCESS_TTL=soon",
            "SYMBOLON_SIGNING_ALG=none",
            "SYMBOLON_REGISTRATION=maybe",
            "SYMBOLON_TRUSTED_ISSUERS=ten",
        ] {
            assert!(told.contains(variable), "{variable} in {told}");
        }
        assert_eq!(told.lines().count(), 7, "{told}");
    }

    #[test]
    fn no_secret_is_shown() {
        for url in [
            "postgres:/u:s3cret@h/d",
            "host=h password=s3cret",
            "psql://h?password=s3cret",
        ] {
            let url = format!("--database-url={url}");
            let told = mistakes(&["--master-key=s3cret", &url]);
            assert!(told.contains("SYMBOLON_MASTER_KEY") && told.contains("DATABASE_URL"));
            assert!(!told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn an_insecure_public_url_is_refused_unless_forced() {
        let insecure = "--public-url=http://id.example.org";
        assert!(mistakes(&[insecure]).contains("https"));
        assert!(resolve(&[insecure, "--danger-insecure-public-url"]).is_ok());
        for good in [
            "https://id.example.org",
            "http://localhost:9000",
            "http://127.0.0.1",
            "http://[::1]:8000",
        ] {
            assert!(
                resolve(&[&format!("--public-url={good}")]).is_ok(),
                "{good}"
            );
        }
    }

    #[test]
    fn what_cannot_go_together_is_refused() {
        assert!(mistakes(&["--cookie-samesite=none"]).contains("https"));
        assert!(mistakes(&["--idle-ttl=40d"]).contains("SYMBOLON_IDLE_TTL"));
        assert!(mistakes(&["--access-ttl=4d"]).contains("SYMBOLON_ACCESS_TTL"));
        let key = format!("--master-key={}", "A".repeat(43));
        assert!(mistakes(&[&key, "--master-key-file=/x"]).contains("not both"));
    }
}

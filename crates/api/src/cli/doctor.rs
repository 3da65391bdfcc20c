//! What will not work, and what to do about it.

mod cookie;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use store::keys::{self as rows, KeyUse};
use store::{DatabaseUrl, Store, UnixMillis, migrations};
use url::Url;

use super::{Failed, output};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::entropy::SystemEntropy;
use crate::keys::{Keys, MasterKeySource};
use crate::settings::{ServeArgs, Settings};

#[derive(Args)]
pub(super) struct Arguments {
    /// Where the front end is, as browsers see it: does the cookie travel?
    #[arg(long, value_name = "URL", value_parser = url)]
    front_end: Option<Url>,
    #[command(flatten)]
    settings: ServeArgs,
}

fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| url.has_host());
    url.ok_or_else(|| "a URL, as in https://app.example.org".to_owned())
}

/// What was found, a line each.
#[derive(Default)]
pub(super) struct Findings {
    lines: Vec<String>,
    bad: usize,
}

impl Findings {
    fn ok(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("ok    {}", what.as_ref()));
    }

    /// Nothing to do; to be known.
    fn note(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("note  {}", what.as_ref()));
    }

    fn bad(&mut self, what: impl AsRef<str>) {
        self.bad += 1;
        self.lines.push(format!("BAD   {}", what.as_ref()));
    }
}

/// Looks at everything, and changes nothing.
pub(super) fn run(arguments: Arguments) -> Result<(), Failed> {
    let settings = arguments.settings.resolve()?;
    let mut findings = Findings::default();
    findings.ok("settings: all can be used");
    look_at_settings(&settings, &mut findings);
    if let Some(front_end) = &arguments.front_end {
        cookie::look(front_end, &settings.http, &mut findings);
    }
    look_at_files(&settings, &mut findings);
    look_at_database(&settings, &mut findings);
    output::print(&findings.lines.join("\n"))?;
    match findings.bad {
        0 => Ok(()),
        1 => Err(Failed::Work("one thing will not work".to_owned())),
        n => Err(Failed::Work(format!("{n} things will not work"))),
    }
}

fn look_at_settings(settings: &Settings, findings: &mut Findings) {
    let http = &settings.http;
    let public_url = &http.public_url;
    match (public_url.is_https(), public_url.is_local()) {
        (true, _) => findings.ok(format!("public URL: {public_url}, with secure cookies")),
        (false, true) => findings.note(format!(
            "public URL: {public_url} is for this machine alone; elsewhere it is https"
        )),
        (false, false) => findings.bad(format!(
            "public URL: {public_url} sends tokens unencrypted: put TLS in front, and say https"
        )),
    }
    if public_url.is_https() && http.trusted_proxies.is_empty() {
        findings.note(
            "proxy: none is trusted, so sessions show the address of whoever connects; name the \
             one with TLS in SYMBOLON_TRUSTED_PROXIES",
        );
    }
    if !http.trusted_issuers.is_empty() {
        findings.note(
            "issuers: every host in SYMBOLON_TRUSTED_ISSUERS may sign in as anyone; service keys \
             are for that",
        );
    }
}

/// Files that hold secrets are for their owner alone.
fn look_at_files(settings: &Settings, findings: &mut Findings) {
    let data_dir = &settings.database.data_dir;
    let mut files = vec![data_dir.clone()];
    match &settings.keys.master_key {
        MasterKeySource::File(path) | MasterKeySource::MadeIn(path) => files.push(path.clone()),
        MasterKeySource::Given(_) => {}
    }
    if let DatabaseUrl::Sqlite(path) = &settings.database.url {
        files.push(path.clone());
    }
    for file in files.iter().filter(|file| file.exists()) {
        let shown = file.display();
        match fs::metadata(file) {
            Ok(found) if found.mode() & 0o077 == 0 => findings.ok(format!("file {shown}: private")),
            Ok(found) => findings.bad(format!(
                "file {shown}: others may read it (mode {:o}): chmod go= {shown}",
                found.mode() & 0o777
            )),
            Err(why) => findings.bad(format!("file {shown}: {why}")),
        }
    }
}

fn look_at_database(settings: &Settings, findings: &mut Findings) {
    let url = &settings.database.url;
    if let DatabaseUrl::Sqlite(path) = url
        && !path.exists()
    {
        findings.note(format!(
            "database: {url} is not there yet; the first start makes it"
        ));
        return;
    }
    let store = match Store::open(url, settings.database.options) {
        Ok(store) => store,
        Err(why) => return findings.bad(format!("database: {why}")),
    };
    match store.read(migrations::are_complete) {
        Ok(true) => findings.ok(format!(
            "database: {url} answers, and its tables are up to date"
        )),
        Ok(false) => {
            return findings.bad("database: its tables are not up to date: symbolon migrate");
        }
        Err(why) => return findings.bad(format!("database: {why}")),
    }
    look_at_keys(settings, &store, findings);
}

fn look_at_keys(settings: &Settings, store: &Store, findings: &mut Findings) {
    let now = SystemClock.now();
    let keys = match store.read(rows::list) {
        Ok(keys) if keys.is_empty() => {
            return findings.note("keys: none yet; the first start makes them");
        }
        Ok(keys) => keys,
        Err(why) => return findings.bad(format!("keys: {why}")),
    };
    look_at_clock(
        &keys.iter().map(|key| key.created_at).collect::<Vec<_>>(),
        now,
        findings,
    );
    let entropy = Arc::new(SystemEntropy::default());
    let master_key = match settings.keys.master_key.load(true, &*entropy) {
        Ok((master_key, _)) => master_key,
        Err(why) => return findings.bad(format!("master key: {why}")),
    };
    let rules = settings.keys.rules;
    match Keys::load(store, master_key, rules, entropy, now).and_then(|keys| keys.rings(now)) {
        Ok(rings) => {
            findings.ok("keys: the master key opens all of them");
            let signing = rings.access.signing.algorithm();
            if signing != rules.algorithm {
                findings.note(format!(
                    "keys: access tokens are signed with {signing}; {}, as SYMBOLON_SIGNING_ALG \
                     has it, is for the next key: symbolon keys rotate",
                    rules.algorithm
                ));
            }
        }
        Err(why) => return findings.bad(format!("keys: {why}")),
    }
    let newest = keys.iter().filter(|key| key.key_use == KeyUse::Access);
    let newest = newest.filter_map(|key| key.signs_from).max();
    if let (None, Some(newest)) = (rules.rotate_every, newest)
        && now.since(newest) > Duration::from_secs(365 * 86_400)
    {
        findings.note(format!(
            "keys: the newest signs since {}, and none follows by itself (SYMBOLON_KEY_ROTATION)",
            rfc3339(newest)
        ));
    }
}

/// What was made in the future was made by another clock, or this one was set back.
fn look_at_clock(made: &[UnixMillis], now: UnixMillis, findings: &mut Findings) {
    let latest = made.iter().max().copied().unwrap_or(now);
    if latest > now + Duration::from_secs(2) {
        findings.bad(format!(
            "clock: it shows {}, but a key was made at {}: is NTP at work on every machine?",
            rfc3339(now),
            rfc3339(latest)
        ));
    } else {
        findings.ok(format!("clock: it shows {}", rfc3339(now)));
    }
}

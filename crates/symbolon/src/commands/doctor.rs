//! Checks everything, and says what to do about what does not work.

mod cookie;
mod mail;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use api::settings::Settings;
use clap::Args;
use identity::clock::{Clock, SystemClock, rfc3339};
use identity::entropy::SystemEntropy;
use identity::keys::{KeyFollower, MasterKeySource};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use store::keys::{self as rows, KeyUse};
use store::migrations::State;
use store::{DatabaseUrl, Store, UnixMillis, migrations, users};
use url::Url;

use super::{Failed, output};
use crate::settings::{ServeArgs, ServeSettings, libpq_defaults};

#[derive(Args)]
pub(super) struct Arguments {
    /// The URL of a front end: checks whether browsers send the cookie from there
    #[arg(long, value_name = "URL", value_parser = url)]
    front_end: Option<Url>,
    #[command(flatten)]
    settings: ServeArgs,
}

fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| url.has_host());
    url.ok_or_else(|| "must be a URL, such as https://app.example.org".to_owned())
}

/// The findings, one line each.
#[derive(Default)]
pub(super) struct Findings {
    lines: Vec<String>,
    bad: usize,
}

impl Findings {
    fn ok(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("ok    {}", what.as_ref()));
    }

    /// For information.
    fn note(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("note  {}", what.as_ref()));
    }

    fn bad(&mut self, what: impl AsRef<str>) {
        self.bad += 1;
        self.lines.push(format!("FAIL  {}", what.as_ref()));
    }
}

/// Checks everything, and changes nothing.
pub(super) fn run(arguments: Arguments) -> Result<(), Failed> {
    let serve = arguments.settings.resolve()?;
    let settings = &serve.service;
    let mut findings = Findings::default();
    findings.ok("settings: valid");
    look_at_settings(settings, &mut findings);
    if let Some(front_end) = &arguments.front_end {
        cookie::look(front_end, &settings.http, &mut findings);
    }
    mail::look(settings, &mut findings);
    look_at_files(&serve, &mut findings);
    look_at_database(settings, &mut findings);
    output::print(&findings.lines.join("\n"))?;
    match findings.bad {
        0 => Ok(()),
        1 => Err(Failed::Work("1 problem found".to_owned())),
        n => Err(Failed::Work(format!("{n} problems found"))),
    }
}

fn look_at_settings(settings: &Settings, findings: &mut Findings) {
    let http = &settings.http;
    let public_url = &http.public_url;
    match (public_url.is_https(), public_url.is_local()) {
        (true, _) => findings.ok(format!("public URL: {public_url}, with secure cookies")),
        (false, true) => findings.note(format!(
            "public URL: {public_url} only works on this machine; use https elsewhere"
        )),
        (false, false) => findings.bad(format!(
            "public URL: {public_url} sends tokens unencrypted; put a proxy with TLS in front, and use \
             https"
        )),
    }
    if public_url.is_https() && http.trusted_proxies.is_empty() {
        findings.bad(
            "proxy: none is trusted, so all clients share one allowance of every limit, and sessions \
             show the address of the proxy with TLS; add it to SYMBOLON_TRUSTED_PROXIES",
        );
    }
    if !http.trusted_issuers.is_empty() {
        findings.note(
            "issuers: every host in SYMBOLON_TRUSTED_ISSUERS can sign in as anyone; prefer service \
             keys",
        );
    }
}

/// Files with secrets must be readable by their owner only.
fn look_at_files(serve: &ServeSettings, findings: &mut Findings) {
    let settings = &serve.service;
    let mut files = vec![serve.data_dir.clone()];
    match &settings.keys.master_key {
        MasterKeySource::File(path) | MasterKeySource::CreatedIn(path) => files.push(path.clone()),
        MasterKeySource::Given(_) => {}
    }
    if let DatabaseUrl::Sqlite(path) = &settings.database.url {
        files.push(path.clone());
    }
    let data_dir = serve.data_dir.display();
    match access(&serve.data_dir, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(why) => findings.bad(format!(
            "directory {data_dir}: the service cannot write to it ({why}); set SYMBOLON_DATA_DIR, or change its owner"
        )),
    }
    for file in files.iter().filter(|file| file.exists()) {
        let shown = file.display();
        match fs::metadata(file) {
            Ok(found) if found.mode() & 0o077 == 0 => findings.ok(format!("file {shown}: private")),
            // Kubernetes makes volumes and secrets like that.
            Ok(found) if found.mode() & 0o007 == 0 => findings.note(format!(
                "file {shown}: its group has access (mode {:o}); make sure that nobody else is in the group",
                found.mode() & 0o777
            )),
            Ok(found) => findings.bad(format!(
                "file {shown}: readable by others (mode {:o}); run chmod go= {shown}",
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
            "database: {url} does not exist yet; the first start creates it"
        ));
        return;
    }
    if let DatabaseUrl::Postgres(postgres) = url
        && let Some(host) = postgres.unencrypted_host(&libpq_defaults())
    {
        findings.note(format!(
            "database: the connection to {host} may be unencrypted \
             (SYMBOLON_DANGER_DATABASE_WITHOUT_TLS); prefer sslmode=verify-full"
        ));
    }
    let store = match Store::open(url, settings.database.options) {
        Ok(store) => store,
        Err(why) => return findings.bad(format!("database: {why}")),
    };
    match store.read(migrations::state) {
        Ok(State::Complete) => findings.ok(format!("database: {url} is available and migrated")),
        Ok(State::Empty) => {
            return findings.note(format!(
                "database: {url} is available and empty; the first start creates the tables"
            ));
        }
        Ok(State::Pending) => {
            return findings.bad("database: not migrated; run symbolon migrate");
        }
        Err(why) => return findings.bad(format!("database: {why}")),
    }
    look_at_keys(settings, &store, findings);
    look_at_claims(&store, findings);
}

/// Above, an answer with a token in its headers may exceed the 4 KiB that nginx reads.
const LONG_CLAIMS: usize = 1000;

fn look_at_claims(store: &Store, findings: &mut Findings) {
    match store.read(users::longest_claims) {
        Ok(length) if length > LONG_CLAIMS => findings.note(format!(
            "claims: somebody has {length} characters of custom claims, which are in the headers of answers; behind \
             nginx, set proxy_buffer_size 16k (guides/nginx-and-caddy.md)"
        )),
        Ok(_) => {}
        Err(why) => findings.bad(format!("claims: {why}")),
    }
}

fn look_at_keys(settings: &Settings, store: &Store, findings: &mut Findings) {
    let now = SystemClock.now();
    let keys = match store.read(rows::list) {
        Ok(keys) if keys.is_empty() => {
            return findings.note("keys: none yet; the first start creates them");
        }
        Ok(keys) => keys,
        Err(why) => return findings.bad(format!("keys: {why}")),
    };
    look_at_clock(
        &keys.iter().map(|key| key.created_at).collect::<Vec<_>>(),
        now,
        findings,
    );
    let entropy = SystemEntropy::default();
    let master_key = match settings.keys.master_key.load(true, &entropy) {
        Ok((master_key, _)) => master_key,
        Err(why) => return findings.bad(format!("master key: {why}")),
    };
    let rules = settings.keys.rules;
    let follower = KeyFollower::load(store, master_key, now);
    match follower.and_then(|follower| follower.rings(now)) {
        Ok(rings) => {
            findings.ok("keys: the master key unwraps all of them");
            let signing = rings.access.signing.algorithm();
            if let Some(next) = rules.algorithm
                && next != signing
            {
                findings.note(format!(
                    "keys: access tokens are signed with {signing}; SYMBOLON_SIGNING_ALG={next} takes \
                     effect with the next key (symbolon keys rotate)"
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
            "keys: the newest key signs since {}, and automatic rotation is off \
             (SYMBOLON_KEY_ROTATION)",
            rfc3339(newest)
        ));
    }
}

/// A key that was created in the future means that another clock is ahead, or this one was set back.
fn look_at_clock(created: &[UnixMillis], now: UnixMillis, findings: &mut Findings) {
    let latest = created.iter().max().copied().unwrap_or(now);
    if latest > now + Duration::from_secs(2) {
        findings.bad(format!(
            "clock: the time is {}, but a key was created at {}; check NTP on every machine",
            rfc3339(now),
            rfc3339(latest)
        ));
    } else {
        findings.ok(format!("clock: the time is {}", rfc3339(now)));
    }
}

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jwt_core::Algorithm;
use serde::Serialize;
use store::events::EventKind;
use store::keys::{self as rows, KeyUse, WrappedKey};
use store::{Store, UnixMillis};
use zeroize::Zeroizing;

use super::{Failed, audit, output};
use crate::application::open_database;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::entropy::{Entropy, SystemEntropy};
use crate::keys::{
    Imported, KeyForm, KeyRules, MasterKey, MasterKeySource, Rotation, import, rewrap, rotate,
};
use crate::settings::{self, DatabaseArgs, KeyRingArgs};
use crate::tokens::OlderTokens;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, and what each does now
    List(ListArguments),
    /// Give the keys a successor. It is published at once and signs later; nobody notices
    Rotate(RotateArguments),
    /// Add a key that was made elsewhere; it verifies, or signs as well
    Import(ImportArguments),
    /// Put all keys under a new master key. Services go on, and need it when they start again
    Rewrap(RewrapArguments),
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Which tokens a key is for.
#[derive(Clone, Copy, ValueEnum)]
enum Use {
    /// Access tokens
    Access,
    /// Refresh tokens
    Refresh,
}

#[derive(Args)]
pub(super) struct RotateArguments {
    /// Of which tokens
    #[arg(long = "use", value_name = "USE", default_value = "access")]
    key_use: Use,
    /// A key has leaked: the new one signs at once, and all others of the use verify no more. With
    /// refresh, everyone has to sign in again
    #[arg(long)]
    emergency: bool,
    #[command(flatten)]
    settings: KeyRingArgs,
}

#[derive(Args)]
pub(super) struct ImportArguments {
    /// The file with the key, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What is in it
    #[arg(long, value_name = "FORM", default_value = "jwk")]
    form: KeyForm,
    /// Its algorithm, where the form does not say: any that the README lists, RSA included
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    alg: Option<Algorithm>,
    /// The `kid` of its tokens [default: the JWK's own, or its thumbprint]
    #[arg(long, value_name = "KID")]
    id: Option<String>,
    /// It signs access tokens, in succession of the key that does now
    #[arg(long)]
    active: bool,
    /// It verifies access tokens of the service that was here before, which /api/verify and
    /// /api/introspect then take. They have no session, and open nothing else
    #[arg(long, conflicts_with = "active")]
    older: bool,
    /// The claim of theirs that has the user's id
    #[arg(
        long,
        value_name = "NAME",
        default_value = "user_id",
        requires = "older"
    )]
    user_claim: String,
    /// What they must say as well, as in token_type=access. May be given several times
    #[arg(long = "require", value_name = "NAME=VALUE", value_parser = name_and_value, requires = "older")]
    required: Vec<(String, String)>,
    /// For how long it verifies, if it does not sign
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    verify_for: Duration,
    #[command(flatten)]
    settings: KeyRingArgs,
}

#[derive(Args)]
pub(super) struct RewrapArguments {
    /// The file with the new master key: 32 bytes in base64url. The old one comes from the settings
    #[arg(long, value_name = "FILE")]
    new_master_key_file: PathBuf,
    #[command(flatten)]
    settings: KeyRingArgs,
}

impl From<Use> for KeyUse {
    fn from(key_use: Use) -> Self {
        match key_use {
            Use::Access => KeyUse::Access,
            Use::Refresh => KeyUse::Refresh,
        }
    }
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse()
        .map_err(|_| "not the name of a JOSE algorithm, as in EdDSA".to_owned())
}

fn name_and_value(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a claim and its value, as in token_type=access")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn duration(text: &str) -> Result<Duration, String> {
    settings::duration(text, Duration::from_secs(1))
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Rotate(arguments) => rotate_one(arguments),
        Command::Import(arguments) => import_one(arguments),
        Command::Rewrap(arguments) => rewrap_all(arguments),
    }
}

#[derive(Serialize)]
struct ListedKey {
    id: String,
    #[serde(rename = "use")]
    key_use: &'static str,
    algorithm: String,
    state: &'static str,
    created_at: String,
    signs_from: Option<String>,
    verifies_until: Option<String>,
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let keys = store.read(rows::list).map_err(Failed::work)?;
    let now = SystemClock.now();
    let listed: Vec<_> = keys
        .iter()
        .map(|key| ListedKey {
            id: key.id.clone(),
            key_use: key.key_use.as_str(),
            algorithm: key.algorithm.clone(),
            state: state(key, &keys, now),
            created_at: rfc3339(key.created_at),
            signs_from: key.signs_from.map(rfc3339),
            verifies_until: key.verifies_until.map(rfc3339),
        })
        .collect();
    if arguments.json {
        return output::print_json(&listed);
    }
    let rows: Vec<_> = listed
        .into_iter()
        .map(|key| {
            [
                output::plain(&key.id),
                key.key_use.to_owned(),
                key.algorithm,
                key.state.to_owned(),
                key.signs_from.unwrap_or_default(),
                key.verifies_until.unwrap_or_default(),
            ]
        })
        .collect();
    let titles = ["ID", "USE", "ALG", "STATE", "SIGNS FROM", "VERIFIES UNTIL"];
    output::print_table(titles, &rows)
}

/// What the commands that change the ring need.
struct Ring {
    store: Store,
    master_key: MasterKey,
    rules: KeyRules,
    entropy: Arc<dyn Entropy>,
}

impl Ring {
    fn open(arguments: KeyRingArgs) -> Result<Self, Failed> {
        let (database, keys) = arguments.resolve()?;
        let (store, _) = open_database(&database).map_err(Failed::work)?;
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        if !store.read(rows::exist).map_err(Failed::work)? {
            return Err(Failed::Work(
                "the database has no keys yet: they are made when the service starts".to_owned(),
            ));
        }
        let (master_key, _) = keys
            .master_key
            .load(true, &*entropy)
            .map_err(Failed::work)?;
        Ok(Self {
            store,
            master_key,
            rules: keys.rules,
            entropy,
        })
    }
}

impl Ring {
    fn record(&self, kind: EventKind, what: &str) -> Result<(), Failed> {
        let detail = format!("command line: {what}");
        audit::record(&self.store, kind, |event| event.detail(&detail))
    }
}

fn rotate_one(arguments: RotateArguments) -> Result<(), Failed> {
    let ring = Ring::open(arguments.settings)?;
    let (key_use, emergency) = (KeyUse::from(arguments.key_use), arguments.emergency);
    let rotation = rotate(
        &ring.store,
        &ring.master_key,
        key_use,
        &ring.rules,
        emergency,
        &*ring.entropy,
        SystemClock.now(),
    );
    let rotation = rotation.map_err(Failed::work)?;
    if let Rotation::Rotated { id, .. } = &rotation {
        let how = if emergency { ", emergency" } else { "" };
        ring.record(EventKind::KeyRotated, &format!("{key_use} key {id}{how}"))?;
    }
    match rotation {
        Rotation::Rotated { id, .. } if emergency => output::print(&format!(
            "The {key_use} key {id} signs. All others are refused within 5 seconds."
        )),
        Rotation::Rotated { id, signs_from } => output::print(&format!(
            "The {key_use} key {id} is published, and signs from {}.",
            rfc3339(signs_from)
        )),
        Rotation::UnderWay { id, signs_from } => Err(Failed::Work(format!(
            "a rotation is under way: the {key_use} key {id} signs from {}. A key that has leaked \
             is replaced with --emergency",
            rfc3339(signs_from)
        ))),
        Rotation::Overtaken => Err(Failed::Work(
            "another rotation was faster, in this moment; see `symbolon keys list`".to_owned(),
        )),
    }
}

fn import_one(arguments: ImportArguments) -> Result<(), Failed> {
    let text = read(&arguments.file)?;
    let older = arguments.older.then(|| OlderTokens {
        user_claim: arguments.user_claim,
        required: arguments.required.into_iter().collect(),
    });
    if older
        .as_ref()
        .is_some_and(|older| older.required.is_empty())
    {
        eprintln!(
            "Every token of this key passes for an access token, refresh tokens of the older service \
             as well. If one key signs both, say what tells them apart, as in \
             --require token_type=access."
        );
    }
    let form = arguments.form;
    let key = form.read(&text, arguments.alg, arguments.id, arguments.active);
    let key = match &older {
        Some(tokens) => key.and_then(|key| key.for_older(tokens)),
        None => key,
    };
    let key = key.map_err(|why| Failed::Usage(format!("{}: {why}", arguments.file.display())))?;
    let ring = Ring::open(arguments.settings)?;
    let now = SystemClock.now();
    let until = now + arguments.verify_for;
    let imported = import(
        &ring.store,
        &ring.master_key,
        &key,
        &ring.rules,
        until,
        &*ring.entropy,
        now,
    );
    let imported = imported.map_err(Failed::work)?;
    if let Imported::Verifies { id } | Imported::Signs { id, .. } = &imported {
        ring.record(EventKind::KeyImported, &format!("access key {id}"))?;
    }
    match imported {
        Imported::Verifies { id } => output::print(&format!(
            "The key {id} verifies access tokens{} until {}.",
            if older.is_some() {
                " of the older service"
            } else {
                ""
            },
            rfc3339(until)
        )),
        Imported::Signs { id, signs_from } => output::print(&format!(
            "The key {id} is published, and signs access tokens from {}.",
            rfc3339(signs_from)
        )),
        Imported::Known { id } => Err(Failed::Work(format!(
            "there is a key {id} already; --id gives this one another name"
        ))),
        Imported::RotationUnderWay => Err(Failed::Work(
            "a rotation is under way; see `symbolon keys list`".to_owned(),
        )),
    }
}

fn rewrap_all(arguments: RewrapArguments) -> Result<(), Failed> {
    let new = MasterKeySource::File(arguments.new_master_key_file.clone());
    let ring = Ring::open(arguments.settings)?;
    let (new, _) = new.load(true, &*ring.entropy).map_err(Failed::work)?;
    let rewrapped =
        rewrap(&ring.store, &ring.master_key, &new, &ring.entropy).map_err(Failed::work)?;
    ring.record(
        EventKind::KeysRewrapped,
        &format!("{} keys", rewrapped.keys),
    )?;
    output::print(&match (rewrapped.keys, rewrapped.already) {
        (0, _) => "All keys are under the new master key already.".to_owned(),
        (n, _) => format!(
            "{n} keys are under the new master key now. Give it to the services: they go on \
             without it, but make no new keys, and need it when they start again."
        ),
    })
}

/// A key's text; where it came from keeps its own copy.
fn read(file: &Path) -> Result<Zeroizing<String>, Failed> {
    let mut text = Zeroizing::new(String::new());
    let read = match file == Path::new("-") {
        true => io::stdin().read_to_string(&mut text).map(drop),
        false => fs::read_to_string(file).map(|read| *text = read),
    };
    read.map_err(|why| Failed::Work(format!("{} cannot be read: {why}", file.display())))?;
    Ok(text)
}

/// What a key does at a moment.
fn state(key: &WrappedKey, all: &[WrappedKey], now: UnixMillis) -> &'static str {
    let Some(from) = key.signs_from else {
        return if key.verifies(now) {
            "verifying"
        } else {
            "gone"
        };
    };
    let of_its_use = all.iter().filter(|other| other.key_use == key.key_use);
    let mut successors = of_its_use.filter_map(|other| other.signs_from);
    if !key.verifies(now) {
        "gone"
    } else if from > now {
        "next"
    } else if successors.any(|successor| from < successor && successor <= now) {
        "retiring"
    } else {
        "active"
    }
}

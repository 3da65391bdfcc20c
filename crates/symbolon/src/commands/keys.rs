mod import;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use identity::Ports;
use identity::clock::rfc3339;
use identity::entropy::SystemEntropy;
use identity::keys::{self, KeyRing, MasterKeySource, Rotation, Urgency};
use serde::Serialize;
use store::Actor;
use store::keys::{self as rows, KeyUse};

use super::operator::Operator;
use super::{Failed, output};
use crate::settings::{DatabaseArgs, KeyRingArgs};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys and their states
    List(ListArguments),
    /// Rotate the signing key; existing tokens stay valid, except with --emergency
    Rotate(RotateArguments),
    /// Import a key that verifies access tokens or, with --active, also signs them
    Import(Box<import::Arguments>),
    /// Wrap all keys under a new master key; running services need it when they restart
    Rewrap(RewrapArguments),
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Print JSON
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
    /// Which tokens the key is for
    #[arg(long = "use", value_name = "USE", default_value = "access")]
    key_use: Use,
    /// The key has leaked: the new key signs at once, and all other keys of the use stop verifying.
    /// With --use refresh, everyone has to sign in again
    #[arg(long)]
    emergency: bool,
    #[command(flatten)]
    settings: KeyRingArgs,
}

#[derive(Args)]
pub(super) struct RewrapArguments {
    /// The file with the new master key: 32 bytes in base64url. The current one
    /// is read from the settings
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

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Rotate(arguments) => rotate(arguments),
        Command::Import(arguments) => import::run(*arguments),
        Command::Rewrap(arguments) => rewrap(arguments),
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

impl From<keys::ListedKey> for ListedKey {
    fn from(keys::ListedKey { key, state }: keys::ListedKey) -> Self {
        Self {
            id: key.id,
            key_use: key.key_use.as_str(),
            algorithm: key.algorithm,
            state: state.as_str(),
            created_at: rfc3339(key.created_at),
            signs_from: key.signs_from.map(rfc3339),
            verifies_until: key.verifies_until.map(rfc3339),
        }
    }
}

impl ListedKey {
    fn into_row(self) -> [String; 6] {
        [
            output::plain(&self.id),
            self.key_use.to_owned(),
            self.algorithm,
            self.state.to_owned(),
            self.signs_from.unwrap_or_default(),
            self.verifies_until.unwrap_or_default(),
        ]
    }
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let Ports { store, clock, .. } = operator.ports();
    let keys = operator.run(async move { KeyRing::list(&store, clock.now()).await })?;
    let listed: Vec<_> = keys.into_iter().map(ListedKey::from).collect();
    if arguments.json {
        return output::print_json(&listed);
    }
    let rows: Vec<_> = listed.into_iter().map(ListedKey::into_row).collect();
    let titles = ["ID", "USE", "ALG", "STATE", "SIGNS FROM", "VERIFIES UNTIL"];
    output::print_table(titles, &rows)
}

/// Opens the database, and its key ring.
fn open(arguments: KeyRingArgs) -> Result<(Operator, KeyRing), Failed> {
    let (database, keys) = arguments.resolve()?;
    let operator = Operator::open(&database)?;
    if !operator.read(rows::exist)? {
        return Err(Failed::work(
            "the database has no keys yet; the first start of the service creates them",
        ));
    }
    let entropy = SystemEntropy::default();
    let master_key = keys.master_key.load(true, &entropy);
    let (master_key, _) = master_key.map_err(Failed::work)?;
    let ring = KeyRing::new(operator.ports(), master_key, keys.rules);
    Ok((operator, ring))
}

fn rotate(arguments: RotateArguments) -> Result<(), Failed> {
    let (operator, ring) = open(arguments.settings)?;
    let key_use = KeyUse::from(arguments.key_use);
    let urgency = match arguments.emergency {
        true => Urgency::Emergency,
        false => Urgency::Requested,
    };
    let rotation =
        operator.run(async move { ring.rotate(key_use, urgency, &Actor::CommandLine).await })?;
    match rotation {
        Rotation::Rotated { id, .. } if arguments.emergency => output::print(&format!(
            "The {key_use} key {id} now signs. Tokens signed with any other key are refused within 5 \
             seconds."
        )),
        Rotation::Rotated { id, signs_from } => output::print(&format!(
            "The {key_use} key {id} is published, and signs from {}.",
            rfc3339(signs_from)
        )),
        Rotation::InProgress { id, signs_from } => Err(Failed::Work(format!(
            "a rotation is in progress: the {key_use} key {id} signs from {}. Use --emergency to \
             replace a key that has leaked",
            rfc3339(signs_from)
        ))),
        Rotation::Overtaken => Err(Failed::work(
            "another replica rotated the key at the same time; see `symbolon keys list`",
        )),
    }
}

fn rewrap(arguments: RewrapArguments) -> Result<(), Failed> {
    let new = MasterKeySource::File(arguments.new_master_key_file.clone());
    let (operator, ring) = open(arguments.settings)?;
    let entropy = SystemEntropy::default();
    let (new, _) = new.load(true, &entropy).map_err(Failed::work)?;
    let rewrapped = operator.run(async move { ring.rewrap(&new, &Actor::CommandLine).await })?;
    output::print(&match rewrapped {
        0 => "All keys are already wrapped under the new master key.".to_owned(),
        n => format!(
            "Wrapped {n} keys under the new master key. Restart the services with it: until then they \
             keep working, but cannot create keys or read new ones."
        ),
    })
}

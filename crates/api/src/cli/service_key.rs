use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use store::UnixMillis;
use store::events::EventKind;
use store::service_keys::{self, Added, Scope, ServiceKey};

use super::{Failed, audit, output};
use crate::application::open_database;
use crate::base64url;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::entropy::{Entropy, SystemEntropy};
use crate::service_keys::PlainServiceKey;
use crate::settings::{DatabaseArgs, duration};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make a service key and print it, once, on standard output
    Create(CreateArguments),
    /// List the service keys
    List(ListArguments),
    /// Revoke a service key
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(super) struct CreateArguments {
    /// What it is known by, as in `django`
    #[arg(long)]
    name: String,
    /// What it may do: tokens:issue, tokens:introspect, tokens:revoke, users:read, users:write or
    /// metrics; may be given several times
    #[arg(long = "scope", required = true, value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<Scope>,
    /// For how long it is good, as in 90d [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = expires)]
    expires: Option<Duration>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct RevokeArguments {
    /// Its name or id
    #[arg(value_name = "NAME_OR_ID")]
    name_or_id: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

fn expires(text: &str) -> Result<Duration, String> {
    duration(text, Duration::from_secs(1))
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("must be one of {}", known.join(", "))
    })
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Create(arguments) => create(arguments),
        Command::List(arguments) => list(arguments),
        Command::Revoke(arguments) => revoke(arguments),
    }
}

fn create(arguments: CreateArguments) -> Result<(), Failed> {
    let name = arguments.name.trim().to_owned();
    if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
        return Err(Failed::Usage(
            "--name: must have 1 to 100 characters".into(),
        ));
    }
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let entropy: &dyn Entropy = &SystemEntropy::default();
    let plain = PlainServiceKey::make(entropy);
    let now = SystemClock.now();
    let mut scopes = arguments.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    let key = ServiceKey {
        id: base64url::encode(&entropy.bytes::<9>()),
        name: name.clone(),
        scopes,
        created_at: now,
        expires_at: arguments.expires.map(|expires| now + expires),
        revoked_at: None,
        last_used_at: None,
    };
    let hash = plain.hash();
    let added = store.write(move |c| service_keys::add(c, &key, hash));
    match added.map_err(Failed::work)? {
        Added::Added => {
            let detail = format!("command line: {name}");
            audit::record(&store, EventKind::ServiceKeyCreated, |e| e.detail(&detail))?;
            output::print(plain.expose())?;
            eprintln!(
                "This is the service key of \"{name}\". It is not shown again.\n\
                 The back end sends it as `Authorization: Bearer <service key>`."
            );
            Ok(())
        }
        Added::NameTaken => Err(Failed::work(format!(
            "a service key is called \"{name}\" already; revoke it first or choose another name"
        ))),
    }
}

#[derive(Serialize)]
struct ListedKey {
    id: String,
    name: String,
    scopes: Vec<&'static str>,
    state: &'static str,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let keys = store.read(service_keys::list).map_err(Failed::work)?;
    let now = SystemClock.now();
    let listed: Vec<_> = keys
        .into_iter()
        .map(|key| ListedKey::new(key, now))
        .collect();
    if arguments.json {
        return output::print_json(&listed);
    }
    let rows: Vec<_> = listed.into_iter().map(ListedKey::into_row).collect();
    output::print_table(
        [
            "ID",
            "NAME",
            "SCOPES",
            "STATE",
            "CREATED",
            "EXPIRES",
            "LAST USED",
        ],
        &rows,
    )
}

impl ListedKey {
    fn new(key: ServiceKey, now: UnixMillis) -> Self {
        let state = match (key.is_valid(now), key.revoked_at) {
            (true, _) => "valid",
            (false, Some(_)) => "revoked",
            (false, None) => "expired",
        };
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            state,
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
        }
    }

    fn into_row(self) -> [String; 7] {
        [
            self.id,
            output::plain(&self.name),
            self.scopes.join(" "),
            self.state.to_owned(),
            self.created_at,
            self.expires_at.unwrap_or_else(|| "never".to_owned()),
            self.last_used_at.unwrap_or_else(|| "never".to_owned()),
        ]
    }
}

fn revoke(arguments: RevokeArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let now = SystemClock.now();
    let name_or_id = arguments.name_or_id.clone();
    let revoked = store.write(move |c| service_keys::revoke(c, &name_or_id, now));
    match revoked.map_err(Failed::work)? {
        true => {
            let detail = format!("command line: {}", arguments.name_or_id);
            audit::record(&store, EventKind::ServiceKeyRevoked, |e| e.detail(&detail))?;
            output::print(&format!("Revoked \"{}\".", arguments.name_or_id))
        }
        false => Err(Failed::work(format!(
            "no valid service key has the name or id \"{}\"",
            arguments.name_or_id
        ))),
    }
}

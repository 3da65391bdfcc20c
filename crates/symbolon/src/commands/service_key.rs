use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use identity::clock::rfc3339;
use identity::service_keys::{NewServiceKey, ServiceKeyCreation, ServiceKeyName, ServiceKeys};
use serde::Serialize;
use store::service_keys::{Scope, ServiceKey};
use store::{Actor, UnixMillis};

use super::arguments::duration;
use super::operator::Operator;
use super::{Failed, output};
use crate::settings::DatabaseArgs;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a service key, and print it once on standard output
    Create(CreateArguments),
    /// List the service keys
    List(ListArguments),
    /// Revoke a service key
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(super) struct CreateArguments {
    /// A name for the key, such as `django`
    #[arg(long, value_parser = ServiceKeyName::parse)]
    name: ServiceKeyName,
    /// What the key may do: tokens:issue, tokens:introspect, tokens:revoke, users:read or users:write;
    /// can be repeated
    #[arg(long = "scope", required = true, value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<Scope>,
    /// How long the key is valid, such as 90d [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct RevokeArguments {
    /// The name or id of the key
    #[arg(value_name = "NAME_OR_ID")]
    name_or_id: String,
    #[command(flatten)]
    database: DatabaseArgs,
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
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let new = NewServiceKey {
        name: arguments.name,
        scopes: arguments.scopes,
        valid_for: arguments.expires,
    };
    let name = new.name.clone();
    let creation = operator.run(async move {
        let service_keys = ServiceKeys::new(ports, Arc::default());
        service_keys.create(new, &Actor::CommandLine).await
    })?;
    match creation {
        ServiceKeyCreation::Created(created) => {
            output::print(created.secret.expose())?;
            eprintln!(
                "This is the service key \"{}\". It is not shown again.\n\
                 The back end sends it as `Authorization: Bearer <service key>`.",
                created.key.name
            );
            Ok(())
        }
        ServiceKeyCreation::NameTaken => Err(Failed::work(format!(
            "a service key named \"{}\" already exists; revoke it, or choose another name",
            name.as_str()
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
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let now = ports.clock.now();
    let keys = operator.run(async move { ServiceKeys::new(ports, Arc::default()).list().await })?;
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
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let name_or_id = arguments.name_or_id.clone();
    let revoked = operator.run(async move {
        let service_keys = ServiceKeys::new(ports, Arc::default());
        service_keys.revoke(name_or_id, &Actor::CommandLine).await
    })?;
    match revoked {
        Some(name) => output::print(&format!("Revoked \"{}\".", output::plain(&name))),
        None => Err(Failed::work(format!(
            "no valid service key has the name or id \"{}\"",
            arguments.name_or_id
        ))),
    }
}

use clap::{Args, Subcommand};
use identity::clock::rfc3339;
use identity::sessions::{SessionAdmin, Which};
use serde::Serialize;
use store::sessions::{Session, SessionId};
use store::users::UserId;
use store::{Actor, UnixMillis};

use super::arguments::{session_id, user_id};
use super::operator::{Operator, revocations};
use super::{Failed, output};
use crate::settings::DatabaseArgs;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List sessions, newest first
    List(ListArguments),
    /// Show a session, and when, why and by whom it ended
    Show(ShowArguments),
    /// Revoke a session, or all sessions of a user
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Only sessions of this user
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: Option<UserId>,
    /// Include sessions that were revoked or have expired
    #[arg(long)]
    all: bool,
    /// Maximum number of sessions
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct ShowArguments {
    /// The session
    #[arg(value_name = "ID", value_parser = session_id)]
    id: SessionId,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
#[group(required = true, multiple = false, args = ["id", "user"])]
pub(super) struct RevokeArguments {
    /// The session
    #[arg(value_name = "ID", value_parser = session_id)]
    id: Option<SessionId>,
    /// All sessions of this user
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: Option<UserId>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Show(arguments) => show(arguments),
        Command::Revoke(arguments) => revoke(arguments),
    }
}

#[derive(Serialize)]
struct ListedSession {
    id: String,
    user_id: String,
    label: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    generation: u32,
    created_at: String,
    renewed_at: String,
    idle_expires_at: String,
    expires_at: String,
    ended_at: Option<String>,
    end_reason: Option<&'static str>,
    ended_by: Option<String>,
}

impl ListedSession {
    fn new(session: Session, now: UnixMillis) -> Self {
        let end = session.end(now);
        Self {
            renewed_at: rfc3339(session.renewed_at()),
            id: session.id.to_string(),
            user_id: session.user_id.to_string(),
            label: session.device.label,
            ip: session.device.ip,
            user_agent: session.device.user_agent,
            generation: session.generation.get(),
            created_at: rfc3339(session.created_at),
            idle_expires_at: rfc3339(session.idle_expires_at),
            expires_at: rfc3339(session.expires_at),
            ended_at: end.as_ref().map(|end| rfc3339(end.at)),
            end_reason: end.as_ref().map(|end| end.why.as_str()),
            ended_by: end.and_then(|end| Some(end.by?.to_string())),
        }
    }

    fn into_row(self) -> [String; 6] {
        [
            self.id,
            self.user_id,
            known(self.label),
            known(self.ip),
            self.created_at,
            self.renewed_at,
        ]
    }

    fn into_row_with_end(self) -> [String; 7] {
        [
            self.id,
            self.user_id,
            known(self.label),
            self.created_at,
            known(self.ended_at),
            known(self.end_reason.map(str::to_owned)),
            known(self.ended_by),
        ]
    }

    /// A line for each fact.
    fn describe(self) -> String {
        let (at, why) = (self.ended_at, self.end_reason);
        let end = match (at, why, self.ended_by) {
            (Some(at), Some(why), Some(by)) => format!("{at}, {why}, by {}", output::plain(&by)),
            (Some(at), Some(why), None) => format!("{at}, {why}"),
            _ => "- (live)".to_owned(),
        };
        [
            ("session", self.id),
            ("user", self.user_id),
            ("device", known(self.label)),
            ("address", known(self.ip)),
            ("user agent", known(self.user_agent)),
            ("opened", self.created_at),
            (
                "renewed",
                format!("{} (generation {})", self.renewed_at, self.generation),
            ),
            ("expires if not renewed", self.idle_expires_at),
            ("expires at the latest", self.expires_at),
            ("ended", end),
        ]
        .map(|(name, value)| format!("{name:<22} {value}"))
        .join("\n")
    }
}

fn known(text: Option<String>) -> String {
    text.map_or("-".to_owned(), |text| output::plain(&text))
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let now = ports.clock.now();
    let which = if arguments.all {
        Which::All
    } else {
        Which::Live
    };
    let sessions = operator.run(async move {
        let sessions = SessionAdmin::new(ports.clone(), revocations(&ports));
        let listed = sessions.list(arguments.user, which, arguments.limit);
        listed.await
    })?;
    let listed: Vec<_> = sessions
        .into_iter()
        .map(|session| ListedSession::new(session, now))
        .collect();
    if arguments.json {
        return output::print_json(&listed);
    }
    if arguments.all {
        let rows = listed.into_iter().map(ListedSession::into_row_with_end);
        return output::print_table(
            ["ID", "USER", "DEVICE", "OPENED", "ENDED", "WHY", "BY"],
            &rows.collect::<Vec<_>>(),
        );
    }
    let rows = listed.into_iter().map(ListedSession::into_row);
    output::print_table(
        ["ID", "USER", "DEVICE", "ADDRESS", "OPENED", "RENEWED"],
        &rows.collect::<Vec<_>>(),
    )
}

fn show(arguments: ShowArguments) -> Result<(), Failed> {
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let now = ports.clock.now();
    let session = operator.run(async move {
        let sessions = SessionAdmin::new(ports.clone(), revocations(&ports));
        sessions.find(arguments.id).await
    })?;
    let not_found = "there is no such session; sessions are deleted a day after they expire";
    let session = session.ok_or_else(|| Failed::work(not_found))?;
    let listed = ListedSession::new(session, now);
    match arguments.json {
        true => output::print_json(&listed),
        false => output::print(&listed.describe()),
    }
}

fn revoke(arguments: RevokeArguments) -> Result<(), Failed> {
    let operator = Operator::open(&arguments.database.resolve_alone()?)?;
    let ports = operator.ports();
    let revoked = operator.run(async move {
        let sessions = SessionAdmin::new(ports.clone(), revocations(&ports));
        let actor = &Actor::CommandLine;
        match (arguments.id, arguments.user) {
            (Some(id), _) => sessions.revoke(id, actor, None).await.map(usize::from),
            (None, Some(user)) => {
                let revoked = sessions.revoke_all_of(user, actor).await;
                revoked.map(Option::unwrap_or_default)
            }
            // clap requires one of them.
            (None, None) => Ok(0),
        }
    })?;
    match revoked {
        0 => Err(Failed::work("there is no such live session")),
        revoked => output::print(&output::revoked(revoked)),
    }
}

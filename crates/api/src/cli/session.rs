use clap::{Args, Subcommand};
use serde::Serialize;
use store::events::EventKind;
use store::sessions::{self, RevokedReason, Session, SessionId};
use store::users::UserId;

use super::{Failed, audit, output};
use crate::application::open_database;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::settings::DatabaseArgs;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the live sessions, the newest first
    List(ListArguments),
    /// End a session, or all sessions of a user
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(super) struct ListArguments {
    /// Those of one user
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: Option<UserId>,
    /// So many at most
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: u16,
    /// As JSON
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

pub(super) fn user_id(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|why| why.to_string())
}

fn session_id(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).ok_or_else(|| "must be a UUID, as `session list` prints it".to_owned())
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::List(arguments) => list(arguments),
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
}

fn list(arguments: ListArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let now = SystemClock.now();
    let user = arguments.user.as_ref();
    let listed = store.read(|c| sessions::list(c, user, None, arguments.limit, now));
    let listed = listed.map_err(Failed::work)?;
    let listed: Vec<_> = listed.into_iter().map(ListedSession::from).collect();
    if arguments.json {
        return output::print_json(&listed);
    }
    let rows: Vec<_> = listed.into_iter().map(ListedSession::into_row).collect();
    output::print_table(
        ["ID", "USER", "DEVICE", "ADDRESS", "OPENED", "RENEWED"],
        &rows,
    )
}

impl From<Session> for ListedSession {
    fn from(session: Session) -> Self {
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
        }
    }
}

impl ListedSession {
    fn into_row(self) -> [String; 6] {
        let known = |text: Option<String>| text.map_or("-".to_owned(), |text| output::plain(&text));
        [
            self.id,
            self.user_id,
            known(self.label),
            known(self.ip),
            self.created_at,
            self.renewed_at,
        ]
    }
}

fn revoke(arguments: RevokeArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let now = SystemClock.now();
    let reason = RevokedReason::RevokedByOperator;
    let user = arguments.user.clone();
    let ended = match (arguments.id, arguments.user) {
        (Some(id), _) => store
            .write(move |c| sessions::revoke(c, id, reason, now))
            .map(|ended| if ended { vec![id] } else { Vec::new() }),
        (None, Some(user)) => {
            store.transaction(move |c| sessions::revoke_all_of_user(c, &user, None, reason, now))
        }
        (None, None) => return Err(Failed::Usage("name a session, or --user".into())),
    };
    let ended = ended.map_err(Failed::work)?;
    if ended.is_empty() {
        return Err(Failed::work("there is no such live session"));
    }
    for id in &ended {
        let session = store
            .read(|c| sessions::find(c, *id))
            .map_err(Failed::work)?;
        let user = user.as_ref().or(session.as_ref().map(|s| &s.user_id));
        audit::record(&store, EventKind::SessionEnded, |event| {
            let event = event.session(*id);
            user.map_or(event.clone(), |user| event.user(user))
        })?;
    }
    output::print(&output::ended(ended.len()))
}

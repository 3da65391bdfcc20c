use std::collections::HashSet;
use std::thread::sleep;
use std::time::Duration;

use clap::{Args, Subcommand};
use identity::clock::{Clock, SystemClock, rfc3339};
use serde::Serialize;
use store::UnixMillis;
use store::events::{self, Event, EventFilter, EventKind, EventOutcome};
use store::users::UserId;

use super::arguments::{duration, user_id};
use super::{Failed, open_existing, output};
use crate::settings::DatabaseArgs;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the newest events, and follow the audit trail until interrupted
    Tail(TailArguments),
    /// Search for events, newest first
    Search(SearchArguments),
}

#[derive(Args)]
pub(super) struct TailArguments {
    /// How many earlier events to show
    #[arg(long, short = 'n', value_name = "N", default_value = "20")]
    lines: u16,
    /// Show earlier events only; do not wait for more
    #[arg(long)]
    no_follow: bool,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct SearchArguments {
    /// Only events within the last period, such as 24h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    within: Option<Duration>,
    /// Maximum number of events
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: u16,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
struct Wanted {
    /// Only events about this user
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: Option<UserId>,
    /// Only events of this kind, such as sign_in
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<EventKind>,
    /// Only refused attempts
    #[arg(long)]
    refused: bool,
    /// Only events from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Only events that this request caused, by the X-Request-Id of its response
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::parse(text).ok_or_else(|| {
        let all: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("must be one of {}", all.join(", "))
    })
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Tail(arguments) => tail(arguments),
        Command::Search(arguments) => search(arguments),
    }
}

fn search(arguments: SearchArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let store = open_existing(&database)?;
    let wanted = &arguments.wanted;
    let filter = EventFilter {
        since: arguments.within.map(|within| SystemClock.now() - within),
        ..wanted.filter()
    };
    let found = store.read(|c| events::list(c, &filter, arguments.limit));
    let found: Vec<_> = found
        .map_err(Failed::work)?
        .into_iter()
        .map(ListedEvent::from)
        .collect();
    match wanted.json {
        true => output::print_json(&found),
        false => {
            let rows: Vec<_> = found.into_iter().map(ListedEvent::into_row).collect();
            output::print_table(TITLES, &rows)
        }
    }
}

const TITLES: [&str; 8] = [
    "AT", "KIND", "OUTCOME", "REASON", "ACTOR", "USER", "SUBJECT", "ADDRESS",
];

/// How often to look for new events.
const EVERY: Duration = Duration::from_secs(1);

/// How late an event can be written after a newer one: replicas write in batches.
const LATE: Duration = Duration::from_secs(10);

fn tail(arguments: TailArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let store = open_existing(&database)?;
    let wanted = &arguments.wanted;
    let list = |since: Option<UnixMillis>, limit| {
        let filter = EventFilter {
            since,
            ..wanted.filter()
        };
        let found = store.read(|c| events::list(c, &filter, limit));
        found.map_err(Failed::work)
    };
    let mut since = SystemClock.now() - LATE;
    // Read before the first events are shown: one that is written meanwhile must not count as shown.
    let mut shown = list(Some(since), u16::MAX)?;
    let first = list(None, arguments.lines)?;
    for event in first.iter().rev() {
        if !print_line(event, wanted.json)? {
            return Ok(());
        }
    }
    if arguments.no_follow {
        return Ok(());
    }
    shown.extend(first);
    loop {
        sleep(EVERY);
        let now = SystemClock.now();
        let found = list(Some(since), u16::MAX)?;
        let ids: HashSet<_> = shown.iter().map(|event| &event.id).collect();
        for event in found.iter().rev() {
            if !ids.contains(&event.id) && !print_line(event, wanted.json)? {
                return Ok(());
            }
        }
        shown = found;
        since = now - LATE;
    }
}

/// Prints an event, and returns whether anybody still reads.
fn print_line(event: &Event, json: bool) -> Result<bool, Failed> {
    let listed = ListedEvent::from(event.clone());
    output::print_if_read(&match json {
        true => serde_json::to_string(&listed).map_err(Failed::work)?,
        false => {
            let cells = listed.into_row();
            let known = cells.iter().map(|cell| cell.trim());
            let known: Vec<_> = known.filter(|cell| !cell.is_empty()).collect();
            known.join("  ")
        }
    })
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        EventFilter {
            user_id: self.user.clone(),
            kind: self.kind,
            outcome: self.refused.then_some(EventOutcome::Refused),
            ip: self.ip.clone(),
            request_id: self.request.clone(),
            ..EventFilter::default()
        }
    }
}

#[derive(Serialize)]
struct ListedEvent {
    id: String,
    at: String,
    kind: &'static str,
    outcome: &'static str,
    user: Option<String>,
    session: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    actor: Option<String>,
    reason: Option<&'static str>,
    subject: Option<String>,
    request: Option<String>,
    replica: Option<String>,
}

impl From<Event> for ListedEvent {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            at: rfc3339(event.at),
            kind: event.kind.as_str(),
            outcome: event.outcome.as_str(),
            user: event.user_id.map(|id| id.to_string()),
            session: event.session_id.map(|id| id.to_string()),
            ip: event.ip,
            user_agent: event.user_agent,
            actor: event.actor.map(|actor| actor.to_string()),
            reason: event.reason.map(|reason| reason.as_str()),
            subject: event.subject,
            request: event.request_id,
            replica: event.replica,
        }
    }
}

impl ListedEvent {
    fn into_row(self) -> [String; 8] {
        let text = |text: Option<String>| output::plain(&text.unwrap_or_default());
        [
            self.at,
            self.kind.to_owned(),
            self.outcome.to_owned(),
            self.reason.unwrap_or_default().to_owned(),
            text(self.actor),
            text(self.user),
            text(self.subject),
            text(self.ip),
        ]
    }
}

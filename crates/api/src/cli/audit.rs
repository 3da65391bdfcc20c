use std::collections::HashSet;
use std::thread::sleep;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use store::Store;
use store::events::{self, Event, EventFilter, EventKind, EventOutcome};
use store::users::UserId;

use super::{Failed, output};
use crate::application::open_database;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::entropy::{Entropy, SystemEntropy};
use crate::settings::{self, DatabaseArgs};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the newest events, and those that come, until interrupted
    Tail(TailArguments),
    /// Show the events that are wanted, the newest first
    Search(SearchArguments),
}

#[derive(Args)]
pub(super) struct TailArguments {
    /// How many of those that were before
    #[arg(long, short = 'n', value_name = "N", default_value = "20")]
    lines: u16,
    /// Only those that were before: do not wait for more
    #[arg(long)]
    no_follow: bool,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
pub(super) struct SearchArguments {
    /// Events of the last so much time, as in 24h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    within: Option<Duration>,
    /// How many, at most
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: u16,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Args)]
struct Wanted {
    /// Concerning this user
    #[arg(long, value_name = "ID", value_parser = super::session::user_id)]
    user: Option<UserId>,
    /// Of this kind, as in sign_in
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<EventKind>,
    /// Only what was refused
    #[arg(long)]
    refused: bool,
    /// From this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<EventKind, String> {
    EventKind::parse(text).ok_or_else(|| {
        let all: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    settings::duration(text, Duration::from_secs(1))
}

pub(super) fn run(command: Command) -> Result<(), Failed> {
    match command {
        Command::Tail(arguments) => tail(arguments),
        Command::Search(arguments) => search(arguments),
    }
}

/// Writes what the operator did on the command line, beside what they did.
pub(super) fn record(
    store: &Store,
    kind: EventKind,
    tell: impl FnOnce(Event) -> Event,
) -> Result<(), Failed> {
    let entropy = SystemEntropy::default();
    let entropy: &dyn Entropy = &entropy;
    let event = Event::new(kind, SystemClock.now(), entropy.bytes());
    let event = tell(event.detail("command line"));
    let recorded = store.transaction(move |c| events::add(c, &[event]));
    recorded.map_err(|why| Failed::Work(format!("it was done, but not recorded: {why}")))
}

fn search(arguments: SearchArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
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

const TITLES: [&str; 6] = ["AT", "KIND", "OUTCOME", "USER", "ADDRESS", "DETAIL"];

/// Between two looks for events that have come.
const EVERY: Duration = Duration::from_secs(1);

/// Replicas write in batches, each at its own time: an event can come after a newer one, by this
/// much.
const LATE: Duration = Duration::from_secs(10);

fn tail(arguments: TailArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    let (store, _) = open_database(&database).map_err(Failed::work)?;
    let wanted = &arguments.wanted;
    let mut shown: HashSet<String> = HashSet::new();
    let mut filter = wanted.filter();
    let mut limit = arguments.lines;
    loop {
        let now = SystemClock.now();
        let found = store.read(|c| events::list(c, &filter, limit));
        let mut found = found.map_err(Failed::work)?;
        found.reverse();
        for event in &found {
            if !shown.contains(&event.id) {
                print_line(event, wanted.json)?;
            }
        }
        if arguments.no_follow {
            return Ok(());
        }
        filter.since = Some(now - LATE);
        if shown.is_empty() {
            // Those before the first that were shown are not to come after them.
            let recent = store.read(|c| events::list(c, &filter, u16::MAX));
            found.extend(recent.map_err(Failed::work)?);
        }
        shown = found.into_iter().map(|event| event.id).collect();
        limit = u16::MAX;
        sleep(EVERY);
    }
}

/// For a reader that has seen enough, as `head`, it is not to go on for ever.
fn print_line(event: &Event, json: bool) -> Result<(), Failed> {
    let listed = ListedEvent::from(event.clone());
    output::print(&match json {
        true => serde_json::to_string(&listed).map_err(Failed::work)?,
        false => listed
            .into_row()
            .map(|cell| cell.trim().to_owned())
            .join("  "),
    })
}

impl Wanted {
    fn filter(&self) -> EventFilter {
        EventFilter {
            user_id: self.user.clone(),
            kind: self.kind,
            outcome: self.refused.then_some(EventOutcome::Refused),
            ip: self.ip.clone(),
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
    detail: Option<String>,
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
            detail: event.detail,
        }
    }
}

impl ListedEvent {
    fn into_row(self) -> [String; 6] {
        let text = |text: Option<String>| output::plain(&text.unwrap_or_default());
        [
            self.at,
            self.kind.to_owned(),
            self.outcome.to_owned(),
            text(self.user),
            text(self.ip),
            text(self.detail),
        ]
    }
}

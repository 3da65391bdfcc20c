//! Events in the log: a sentence for people, with each part as a key and value for programs.

use std::fmt::Display;

use log::Level;
use store::events::{Event, EventKind, EventOutcome};

/// The target of events in the log.
const TARGET: &str = "symbolon::audit";

pub(super) fn log(event: &Event) {
    let fields = fields(event);
    let values: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let sentence: Vec<_> = fields[2..]
        .iter()
        .map(|(name, value)| format!(" {name}={value:?}"))
        .collect();
    let text = format!(
        "{} {}{}",
        event.kind,
        event.outcome.as_str(),
        sentence.concat()
    );
    log::logger().log(
        &log::Record::builder()
            .args(format_args!("{text}"))
            .level(level(event))
            .target(TARGET)
            .module_path_static(Some(module_path!()))
            .key_values(&values.as_slice())
            .build(),
    );
}

/// What an operator has to look at is a warning: refusals, theft, and lost renewals.
fn level(event: &Event) -> Level {
    match (event.outcome, event.kind) {
        (EventOutcome::Refused, _)
        | (_, EventKind::RefreshReused | EventKind::RenewalRecovered) => Level::Warn,
        _ => Level::Info,
    }
}

fn fields(event: &Event) -> Vec<(&'static str, String)> {
    fn text<T: Display>(value: Option<&T>) -> Option<String> {
        value.map(ToString::to_string)
    }
    let always = [
        ("kind", event.kind.to_string()),
        ("outcome", event.outcome.to_string()),
    ];
    let optional = [
        ("actor", text(event.actor.as_ref())),
        ("user", text(event.user_id.as_ref())),
        ("session", text(event.session_id.as_ref())),
        ("ip", event.ip.clone()),
        ("user_agent", event.user_agent.clone()),
        (
            "reason",
            event.reason.map(|reason| reason.as_str().to_owned()),
        ),
        ("subject", event.subject.clone()),
    ];
    let known = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    always.into_iter().chain(known).collect()
}

#[cfg(test)]
mod tests {
    use store::UnixMillis;
    use store::events::Cause;

    use super::*;

    fn level_of(kind: EventKind) -> Level {
        level(&Event::new(kind, UnixMillis::from_millis(0), [0; 10]))
    }

    #[test]
    fn theft_and_lost_renewals_are_warnings_and_everyday_events_are_not() {
        assert_eq!(level_of(EventKind::RefreshReused), Level::Warn);
        assert_eq!(level_of(EventKind::RenewalRecovered), Level::Warn);
        assert_eq!(level_of(EventKind::SignIn), Level::Info);
        assert_eq!(level_of(EventKind::SessionRevoked), Level::Info);
    }

    #[test]
    fn a_refusal_is_a_warning() {
        let event = Event::new(EventKind::SignIn, UnixMillis::from_millis(0), [0; 10]);
        assert_eq!(level(&event.refused(Cause::WrongPassword)), Level::Warn);
    }
}

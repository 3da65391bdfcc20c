//! Who did something.

use std::fmt;

use crate::users::UserId;

/// Who did something that changes an account, a session or a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A user who has proven who they are.
    User(UserId),
    /// A trusted back end, by the name of its service key.
    ServiceKey(String),
    /// A back end that is trusted for its address and has no service key.
    TrustedNetwork,
    /// The operator, on the command line.
    CommandLine,
    /// The service itself: theft detection, limits, rotation by age.
    System,
}

const USER: &str = "user:";
const SERVICE_KEY: &str = "service_key:";
const TRUSTED_NETWORK: &str = "trusted_network";
const COMMAND_LINE: &str = "command_line";
const SYSTEM: &str = "system";

impl Actor {
    /// Reads what [`Display`](fmt::Display) writes; `None` for anything else, such as the actor of
    /// a newer version.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(id) = text.strip_prefix(USER) {
            return UserId::parse(id).ok().map(Actor::User);
        }
        if let Some(name) = text.strip_prefix(SERVICE_KEY) {
            return Some(Actor::ServiceKey(name.to_owned()));
        }
        match text {
            TRUSTED_NETWORK => Some(Actor::TrustedNetwork),
            COMMAND_LINE => Some(Actor::CommandLine),
            SYSTEM => Some(Actor::System),
            _ => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::User(id) => write!(f, "{USER}{id}"),
            Actor::ServiceKey(name) => write!(f, "{SERVICE_KEY}{name}"),
            Actor::TrustedNetwork => f.write_str(TRUSTED_NETWORK),
            Actor::CommandLine => f.write_str(COMMAND_LINE),
            Actor::System => f.write_str(SYSTEM),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_actor_is_read_as_it_is_written() {
        for actor in [
            Actor::User(UserId::parse("user:7").unwrap()),
            Actor::ServiceKey("user:7".to_owned()),
            Actor::TrustedNetwork,
            Actor::CommandLine,
            Actor::System,
        ] {
            assert_eq!(Actor::parse(&actor.to_string()), Some(actor));
        }
        for text in ["", "user:", "users:7", "command line", "System"] {
            assert_eq!(Actor::parse(text), None, "{text}");
        }
    }
}

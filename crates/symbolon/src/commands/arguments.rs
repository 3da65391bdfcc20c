//! Arguments that several commands have.

use std::time::Duration;

use store::sessions::SessionId;
use store::users::UserId;

use crate::settings;

pub(super) fn user_id(text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|why| why.to_string())
}

pub(super) fn session_id(text: &str) -> Result<SessionId, String> {
    SessionId::parse(text).ok_or_else(|| "must be a UUID, as `session list` prints it".to_owned())
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    settings::duration(text, Duration::from_secs(1))
}

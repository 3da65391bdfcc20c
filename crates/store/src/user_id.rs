//! What identifies a user: the id, and the key of the email address.

use std::fmt;

use thiserror::Error;
use uuid::Uuid;

use crate::time::UnixMillis;

/// Identifies a user; the `sub` claim of tokens. A UUID for users who registered here, their previous
/// id for users who were imported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

/// The text is not a user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must have 1 to 64 visible ASCII characters")]
pub struct InvalidUserId;

impl UserId {
    /// A new UUID of version 7 (RFC 9562).
    pub fn new(now: UnixMillis, random: [u8; 10]) -> Self {
        Self(uuid_v7(now, random).hyphenated().to_string())
    }

    /// Any text that is safe in an HTTP header.
    ///
    /// # Errors
    ///
    /// [`InvalidUserId`] unless it has 1 to 64 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidUserId> {
        if (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUserId)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn uuid_v7(now: UnixMillis, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Addresses that differ only in case are one address.
pub(crate) fn email_key(email: &str) -> String {
    email.to_lowercase()
}

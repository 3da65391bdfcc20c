//! Challenges: mailed codes and links. The secrets in them are computed from the id of a row under a key
//! that is derived from the master key, so that nothing in the database works as a secret.

mod presented;
mod secrets;

use std::time::Duration;

use store::challenges::ChallengeKind;

pub(crate) use presented::asked_by;
pub use presented::{BrowserSecret, Presented, Whose};
pub use secrets::{ChallengeSecrets, Code, LinkToken};

/// Attempts at the code of one challenge. With eight digits and at most five mails in an hour, a guesser has a
/// chance of one in four million an hour.
pub(crate) const ATTEMPTS: u32 = 5;

/// How long a link is valid.
pub(crate) const fn link_ttl(kind: ChallengeKind) -> Duration {
    const HOUR: u64 = 3600;
    Duration::from_secs(match kind {
        ChallengeKind::SignIn => 600,
        ChallengeKind::ResetPassword => HOUR,
        ChallengeKind::VerifyEmail | ChallengeKind::ChangeEmail | ChallengeKind::SetPassword => {
            24 * HOUR
        }
        // People are away for a weekend.
        ChallengeKind::Invitation | ChallengeKind::UndoEmailChange => 7 * 24 * HOUR,
    })
}

/// How long a code is valid.
pub(crate) const fn code_ttl(kind: ChallengeKind) -> Duration {
    Duration::from_secs(match kind {
        ChallengeKind::VerifyEmail | ChallengeKind::ChangeEmail => 3600,
        _ => 600,
    })
}

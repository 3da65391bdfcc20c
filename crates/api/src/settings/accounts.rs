//! `SYMBOLON_REGISTRATION`.

use clap::Args;

use super::Mistakes;
use crate::accounts::Registration;

/// Who may have an account, as it was given.
#[derive(Args, Clone)]
pub(super) struct AccountsArgs {
    /// Whether anyone may register: open or closed
    #[arg(
        long,
        env = "SYMBOLON_REGISTRATION",
        value_name = "VALUE",
        default_value = "open"
    )]
    registration: String,
}

impl AccountsArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Registration> {
        let registration = match self.registration.as_str() {
            "open" => Ok(Registration::Open),
            "closed" => Ok(Registration::Closed),
            _ => Err("one of open, closed"),
        };
        mistakes.note("SYMBOLON_REGISTRATION", &self.registration, registration)
    }
}

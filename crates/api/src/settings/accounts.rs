//! `SYMBOLON_REGISTRATION`, `SYMBOLON_ACCOUNT_PAGE`.

use clap::Args;

use super::{Mistakes, switch};
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

    /// Whether there is a page at / where users register, sign in and look after their sessions
    #[arg(
        long,
        env = "SYMBOLON_ACCOUNT_PAGE",
        value_name = "on|off",
        default_value = "on"
    )]
    account_page: String,
}

/// Who may have an account, and where it is looked after.
#[derive(Clone, Copy, Debug)]
pub struct Accounts {
    /// Who may register.
    pub registration: Registration,
    /// Whether there is an account page.
    pub page: bool,
}

impl AccountsArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Accounts> {
        let registration = match self.registration.as_str() {
            "open" => Ok(Registration::Open),
            "closed" => Ok(Registration::Closed),
            _ => Err("one of open, closed"),
        };
        let registration = mistakes.note("SYMBOLON_REGISTRATION", &self.registration, registration);
        let page = switch(&self.account_page);
        let page = mistakes.note("SYMBOLON_ACCOUNT_PAGE", &self.account_page, page);
        Some(Accounts {
            registration: registration?,
            page: page?,
        })
    }
}

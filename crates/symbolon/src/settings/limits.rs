//! `SYMBOLON_LIMIT_SIGN_IN`, `SYMBOLON_LIMIT_ACCOUNT`, `SYMBOLON_LIMIT_REGISTRATION`,
//! `SYMBOLON_LIMIT_SERVICE_KEYS`, `SYMBOLON_LIMIT_CALLS`.

use std::time::Duration;

use clap::Args;
use identity::limits::LimitRules;
use store::attempts::Allowance;

use super::{Mistakes, duration};

/// The limits, as text.
#[derive(Args, Clone)]
pub(super) struct LimitArgs {
    /// Sign-in attempts per address, such as 30/1m; off removes the limit
    #[arg(
        long,
        env = "SYMBOLON_LIMIT_SIGN_IN",
        value_name = "N/TIME",
        default_value = "30/1m"
    )]
    limit_sign_in: String,

    /// Sign-in attempts per account, from all addresses; known devices are counted separately
    #[arg(
        long,
        env = "SYMBOLON_LIMIT_ACCOUNT",
        value_name = "N/TIME",
        default_value = "10/15m"
    )]
    limit_account: String,

    /// Registrations per address
    #[arg(
        long,
        env = "SYMBOLON_LIMIT_REGISTRATION",
        value_name = "N/TIME",
        default_value = "10/10m"
    )]
    limit_registration: String,

    /// Calls with service keys that are not known to be valid, per address
    #[arg(
        long,
        env = "SYMBOLON_LIMIT_SERVICE_KEYS",
        value_name = "N/TIME",
        default_value = "30/1m"
    )]
    limit_service_keys: String,

    /// Other calls of browsers and apps per address; calls of proxies and back ends do not count
    #[arg(
        long,
        env = "SYMBOLON_LIMIT_CALLS",
        value_name = "N/TIME",
        default_value = "1000/10s"
    )]
    limit_calls: String,
}

impl LimitArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<LimitRules> {
        let mut limit = |variable, text: &str| mistakes.note(variable, text, allowance(text));
        let sign_in = limit("SYMBOLON_LIMIT_SIGN_IN", &self.limit_sign_in);
        let account = limit("SYMBOLON_LIMIT_ACCOUNT", &self.limit_account);
        let registration = limit("SYMBOLON_LIMIT_REGISTRATION", &self.limit_registration);
        let service_keys = limit("SYMBOLON_LIMIT_SERVICE_KEYS", &self.limit_service_keys);
        let calls = limit("SYMBOLON_LIMIT_CALLS", &self.limit_calls);
        Some(LimitRules {
            sign_in: sign_in?,
            account: account?,
            registration: registration?,
            service_keys: service_keys?,
            calls: calls?,
        })
    }
}

/// Reads a number and a time, or `off`.
fn allowance(text: &str) -> Result<Option<Allowance>, String> {
    const EXAMPLE: &str = "must be a number and a duration, such as 30/1m, or off";
    if text == "off" {
        return Ok(None);
    }
    let (attempts, within) = text.split_once('/').ok_or(EXAMPLE)?;
    let attempts: u32 = attempts.parse().map_err(|_| EXAMPLE)?;
    let within = duration(within, Duration::from_secs(1))?;
    // The resolution is a millisecond.
    match attempts > 0 && u128::from(attempts) <= within.as_millis() {
        true => Ok(Some(Allowance { attempts, within })),
        false => Err("must be at least 1, and at most 1000 per second".to_owned()),
    }
}

//! The program under hardship: many browsers at once on bad lines, crashes, outages, restored
//! backups, poolers and failovers. With `HARDSHIP=long` each takes its time.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod browsers;
mod client;
mod clocks;
mod crash;
mod failover;
mod hang;
mod outage;
mod outbox;
mod pooler;
#[path = "../cli/program.rs"]
#[allow(dead_code, reason = "shared with those of the command line")]
mod program;
mod restore;
mod rotation;
mod site;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// One test at a time: they measure themselves against the clock.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is time.
fn is_long() -> bool {
    std::env::var("HARDSHIP").as_deref() == Ok("long")
}

/// Two numbers, for the suite's everyday and long mode.
fn short_or_long<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

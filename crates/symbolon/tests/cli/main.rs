//! The `symbolon` program, as an operator runs it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod audit;
mod doctor;
mod first_start;
mod import;
mod keys;
mod legacy_tokens;
mod logs;
mod mail;
mod metrics;
mod migrate;
mod openapi;
#[allow(dead_code, reason = "shared with the tests of hardship")]
mod program;
mod readme;
mod service_key;
mod session;
mod settings;
mod smtp;
mod token;
#[allow(dead_code, reason = "shared with the tests of the guides")]
mod tour;
mod user;

pub(crate) use program::Program;

//! The `symbolon` program: settings and the command line, over `identity` and `api`.
//!
//! The crate has no use-cases of its own: a command calls the same function as an HTTP handler, with
//! the command line as its actor.

pub mod commands;
pub mod settings;

mod log_format;

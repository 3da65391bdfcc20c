//! The `symbolon` program: settings and the command line, over `identity` and `api`.
//!
//! A command that changes something calls the same use-case as an HTTP handler, with the command line as
//! its actor.

pub mod commands;
pub mod settings;

mod environment;
mod log_format;

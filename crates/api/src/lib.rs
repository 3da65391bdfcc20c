//! Symbolon: a self-hosted token and session service.
//!
//! The use-cases ([`accounts`], [`sessions`], [`service_keys`]) know no HTTP; the handlers below
//! `http` translate a request into a use-case and its outcome into an answer. Time comes from a
//! [`clock`], randomness from [`entropy`], and both have a fixed twin for tests.

pub mod accounts;
pub mod application;
pub mod async_store;
pub mod audit;
mod base64url;
pub mod cleaning;
pub mod cli;
pub mod clock;
pub mod entropy;
pub mod events;
pub mod failure;
mod http;
pub mod import;
pub mod keys;
pub mod limits;
mod log_format;
pub mod metrics;
mod openapi;
mod page;
pub mod password_link;
pub mod passwords;
mod private_dir;
mod random_secret;
pub mod readiness;
pub mod revocations;
pub mod revoked_sessions;
pub mod service_keys;
pub mod sessions;
pub mod settings;
pub mod tokens;

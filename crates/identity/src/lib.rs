//! Symbolon's use-cases: signing in, renewing and revoking sessions, and managing users, credentials,
//! tokens and keys.
//!
//! The crate knows no HTTP, no Actix, no paperclip and no command line. A use-case takes typed
//! arguments, among them the [`Actor`](store::Actor) who asks for it, and returns an outcome enum;
//! HTTP handlers and commands only translate. Outside forces come through [`Ports`].

pub mod audit;
pub mod base64url;
pub mod brand;
pub mod challenges;
pub mod cleaning;
pub mod clock;
pub mod credentials;
pub mod database;
pub mod entropy;
pub mod failure;
pub mod keys;
pub mod limits;
pub mod locale;
pub mod mail;
pub mod metrics;
pub mod readiness;
pub mod request_id;
pub mod service_keys;
pub mod sessions;
pub mod sign_in;
pub mod strict_json;
pub mod text;
pub mod tokens;
pub mod users;

mod async_store;
mod batch;
mod email;
mod page;
mod ports;
mod private_dir;
mod random_secret;
mod refusal_log;
mod target;
mod unicode;

pub use async_store::AsyncStore;
pub use failure::Failure;
pub use ports::Ports;

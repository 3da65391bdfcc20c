//! Symbolon's users, sessions, keys and audit trail, in SQLite or PostgreSQL.
//!
//! The crate knows no HTTP, no JWT, no clock and no environment: the current time is an argument, or
//! [read](Now) from the caller after a lock was waited for, and tokens are decoded before they get here.
//!
//! [`Store`] runs functions on an [`AnyConnection`]; the modules hold such functions, one module per
//! table. Outcomes that a caller must tell apart are enums, not errors: an error rolls back.

mod actor;
mod connection;
mod database_url;
mod error;
mod options;
mod pool;
mod postgres_url;
mod schema;
mod sqlite_writer;
mod store;
mod time;
mod user_id;
mod words;

pub mod attempts;
pub mod challenges;
pub mod claim_changes;
pub mod django;
pub mod events;
pub mod keys;
pub mod leases;
pub mod locked_out;
pub mod migrations;
pub mod outbox;
pub mod service_keys;
pub mod sessions;
pub mod user_changes;
pub mod users;

pub use actor::Actor;
pub use connection::AnyConnection;
pub use database_url::{DatabaseUrl, InvalidDatabaseUrl};
pub use error::StoreError;
pub use options::StoreOptions;
pub use postgres_url::{InvalidPostgresUrl, LibpqDefaults, PostgresUrl};
pub use store::{Store, StoreState};
pub use time::{Now, UnixMillis};

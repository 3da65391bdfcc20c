//! Symbolon's users, sessions, keys and audit trail, in SQLite or PostgreSQL.
//!
//! The crate knows no HTTP, no JWT, no clock and no environment: the present time is an
//! argument, and what a token says is decoded before it gets here.
//!
//! [`Store`] runs functions on a [`AnyConnection`]; the modules hold such functions, one module a
//! table. What a caller must tell apart is an enum, not an error: an error rolls back.

mod connection;
mod database_url;
mod error;
mod options;
mod pool;
mod schema;
mod sqlite_writer;
mod store;
mod time;

pub mod attempts;
pub mod django;
pub mod events;
pub mod keys;
pub mod migrations;
pub mod password_links;
pub mod service_keys;
pub mod sessions;
pub mod users;

pub use connection::AnyConnection;
pub use database_url::{DatabaseUrl, InvalidDatabaseUrl, PostgresUrl};
pub use error::StoreError;
pub use options::StoreOptions;
pub use store::{Store, StoreState};
pub use time::UnixMillis;

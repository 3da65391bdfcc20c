//! The service over real HTTP, on both back ends. A test's path mirrors the URL it tests. Every
//! response is compared with the OpenAPI document (see `support::client`).

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod api;
mod audit;
mod cors;
mod denylist;
mod docs;
mod errors;
mod forged;
mod headers;
mod health;
mod legacy_client;
mod limits;
mod replicas;
mod revoked_sessions;
mod secrets;
mod sites;
mod support;

pub(crate) use support::on_both_back_ends;
pub(crate) use support::service::Service;

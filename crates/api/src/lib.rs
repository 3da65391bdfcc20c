//! Symbolon over HTTP: Actix extractors, handlers, cookies, headers, pages, and the OpenAPI document.
//!
//! The crate knows no SQL, no command line and no environment. Extractors read a request into what a
//! handler asks for, handlers call one use-case of `identity`, and responders write its outcome.

pub mod application;
pub mod settings;

mod bodies;
mod canonical;
mod cookie;
mod cors;
mod csrf;
mod edge;
mod extract;
mod handlers;
mod headers;
mod mail_sent;
mod metrics_listener;
mod openapi;
mod outcomes;
mod pages;
mod problem;
mod routes;
mod token_pair;
mod unexpected;

pub use openapi::{Document, document};

//! HTTP: extractors read a request into what a handler asks for, handlers call a use-case, and
//! responders write its outcome.

pub(crate) mod cookie;
mod cors;
mod csrf;
mod edge;
mod extract;
pub(crate) mod handlers;
mod headers;
mod outcomes;
pub(crate) mod problem;
pub(crate) mod routes;
mod token_pair;
mod unexpected;
pub(crate) mod watch;

pub(crate) use cors::cors;
pub(crate) use edge::Edge;
pub(crate) use extract::client_address::TrustedProxies;
pub(crate) use extract::token_issuer::TrustedIssuers;

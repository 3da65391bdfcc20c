//! The handlers: one endpoint, one file, its request and response types beside it.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod refresh_access;
pub(crate) mod refresh_all;
pub(crate) mod register;
pub(crate) mod tokens;
pub(crate) mod user_body;
pub(crate) mod user_id_body;

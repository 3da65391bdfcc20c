//! The handlers: one endpoint, one file, its request and response types beside it.

pub(crate) mod account;
pub(crate) mod change_password;
pub(crate) mod docs;
pub(crate) mod end_other_sessions;
pub(crate) mod end_session;
pub(crate) mod health;
pub(crate) mod introspect;
pub(crate) mod list_events;
pub(crate) mod list_sessions;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod refresh_access;
pub(crate) mod refresh_all;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod revoked_sessions;
pub(crate) mod session_body;
mod static_file;
pub(crate) mod tokens;
pub(crate) mod user_body;
pub(crate) mod user_id_body;
pub(crate) mod verify;
pub(crate) mod well_known;

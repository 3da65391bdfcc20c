pub(crate) mod create;
pub(crate) mod create_password_link;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod revoke_sessions;
pub(crate) mod update;

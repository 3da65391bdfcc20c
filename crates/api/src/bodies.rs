//! Bodies that several calls share.

pub(crate) mod claims;
pub(crate) mod cursor;
pub(crate) mod managed_user;
pub(crate) mod message;
pub(crate) mod revoked;
pub(crate) mod session;
pub(crate) mod user;
pub(crate) mod user_id;

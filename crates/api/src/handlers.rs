//! The handlers. Folders mirror URLs: one endpoint per file, with its request and response types.

pub(crate) mod api;
pub(crate) mod health;
pub(crate) mod well_known;

//! Pages and files that are part of this binary.

pub(crate) mod account;
pub(crate) mod docs;
mod static_file;

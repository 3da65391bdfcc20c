pub(crate) mod delete;
pub(crate) mod read;
pub(crate) mod update;

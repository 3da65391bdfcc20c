pub(crate) mod send;
pub(crate) mod undo;
pub(crate) mod verify;

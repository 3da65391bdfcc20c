pub(crate) mod change;
pub(crate) mod set;

//! What can go wrong beside what a use-case expects.

use store::StoreError;
use thiserror::Error;

use crate::passwords::Busy;

/// Why a use-case came to no outcome. Nothing that a client could have done better.
#[derive(Debug, Error)]
pub enum Failure {
    /// Not now.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// Not now.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A mistake of ours.
    #[error("{0}")]
    Internal(String),
}

//! Failures that prevent a use-case from completing.

use store::StoreError;
use thiserror::Error;

/// Too many passwords are being hashed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many passwords are waiting to be hashed")]
pub struct Busy;

/// Why a use-case has no outcome. The client cannot do anything about it except retry.
#[derive(Debug, Error)]
pub enum Failure {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service is overloaded.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// A bug.
    #[error("{0}")]
    Internal(String),
}

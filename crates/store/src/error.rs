use diesel::result::{DatabaseErrorKind, Error as DieselError};
use thiserror::Error;

/// Why a database call failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It is unreachable, locked, full, too busy, or refuses for a reason that Diesel does not pass
    /// on. The same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Concurrent changes were in the way: a deadlock, or a conflict under `SERIALIZABLE`. The whole call
    /// must be made again; [`Store`](crate::Store) does so a few times before it reports
    /// [`Unavailable`](Self::Unavailable).
    #[error("concurrent changes were in the way: {0}")]
    Contended(String),
    /// A statement violated a constraint or is invalid: a bug.
    #[error("the database refused a statement: {0}")]
    Refused(DieselError),
    /// A row holds something that this version cannot read.
    #[error("the database holds a {0} that this version cannot read")]
    Unreadable(&'static str),
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation => StoreError::Refused(error),
                DatabaseErrorKind::SerializationFailure => {
                    StoreError::Contended(information.message().to_owned())
                }
                // Diesel has no kind for it. A server that speaks another language is not understood.
                _ if information.message() == "deadlock detected" => {
                    StoreError::Contended(information.message().to_owned())
                }
                // Only the message distinguishes a full disk or a locked file (SQLite) or a
                // shutdown (PostgreSQL).
                _ => StoreError::Unavailable(information.message().to_owned()),
            },
            DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. } => {
                StoreError::Unavailable(error.to_string())
            }
            _ => StoreError::Refused(error),
        }
    }
}

/// The unique constraint or index that a statement violated: PostgreSQL names it, SQLite names the
/// column in its message.
pub(crate) fn violated_constraint(error: &DieselError) -> Option<String> {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => Some(
            information
                .constraint_name()
                .unwrap_or_else(|| information.message())
                .to_owned(),
        ),
        _ => None,
    }
}

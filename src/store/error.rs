//! What can go wrong with the database, in the few kinds callers treat differently.

use diesel::result::{DatabaseErrorKind, Error};

/// A database operation did not succeed. The whole transaction is rolled back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not in the state the change expects: somebody else was faster.
    #[error("{0} is not in the expected state any more")]
    Stale(&'static str),
    /// A row with the same identity exists.
    #[error("it exists already")]
    Duplicate,
    /// The database cannot be reached or is too busy; trying again later helps.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A stored value does not parse: written by a newer version, or damaged.
    #[error("stored {0} cannot be read")]
    Corrupt(&'static str),
    /// A text to look for or to keep holds a NUL character. PostgreSQL takes none (SQLite does), and no text of ours has one.
    #[error("a text holds a NUL character")]
    Nul,
    /// Anything else.
    #[error("database error: {0}")]
    Other(String),
}

impl From<Error> for StoreError {
    fn from(e: Error) -> Self {
        match e {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Duplicate,
            Error::DatabaseError(
                DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::ReadOnlyTransaction,
                info,
            ) => Self::Unavailable(info.message().to_owned()),
            Error::DatabaseError(_, info) if info.message().contains("locked") || info.message().contains("full") => {
                Self::Unavailable(info.message().to_owned())
            }
            // SQLSTATE 22021 has no kind of its own here; in every language the message ends with the byte refused.
            Error::DatabaseError(_, info) if info.message().ends_with(": 0x00") => Self::Nul,
            Error::BrokenTransactionManager => Self::Unavailable("connection lost".to_owned()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl StoreError {
    /// Asserts that a compare-and-swap changed exactly one row.
    pub(crate) const fn expect_one(changed: usize, what: &'static str) -> Result<(), Self> {
        if changed == 1 { Ok(()) } else { Err(Self::Stale(what)) }
    }
}

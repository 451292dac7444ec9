//! What a failure means: whether a change may have happened, and what may be said of it in a log.

use std::error::Error as _;

use kernel::StoreError;
use thiserror::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Why a question to the store has no answer.
#[derive(Debug, Error)]
pub enum QueryError {
    /// The server refused, or is away.
    #[error("{}", describe(.0))]
    Driver(#[from] tokio_postgres::Error),
    /// A row that no version of ours has written.
    #[error("a row of the store is not valid: {0}")]
    Broken(&'static str),
}

/// The name of the constraint that a statement violated, or `None` for any other error.
pub fn violated_constraint(error: &tokio_postgres::Error) -> Option<&str> {
    // Class 23: integrity constraint violation.
    error.as_db_error().filter(|refusal| refusal.code().code().starts_with("23")).and_then(DbError::constraint)
}

/// An error as a log may have it: what a server adds as detail can be a name, an address or a text that somebody wrote.
fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(refusal), _) => {
            let constraint = refusal.constraint().map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{}{constraint}, SQLSTATE {}", refusal.message(), refusal.code().code())
        }
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

impl QueryError {
    fn refusal(&self) -> Option<&DbError> {
        match self {
            Self::Driver(error) => error.as_db_error(),
            Self::Broken(_) => None,
        }
    }

    /// Whether a change that was sent may have happened in spite of this error.
    pub(super) fn leaves_doubt(&self) -> bool {
        let Some(refusal) = self.refusal() else {
            // The connection ended after the statement was on its way, or its answer cannot be read.
            return true;
        };
        let state = refusal.code();
        // 57P01: the server was told to stop, or this connection to end. A commit that waits for a standby is in the log
        //        by then, and stays.
        // 57P02: another process of the server crashed; this one was ended wherever it was, perhaps behind its commit.
        // 57P03: nobody connects now; after a statement was sent, it is about the one that takes the server's place.
        let shut_down =
            [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(state);
        // 08: the connection or what speaks through it, such as a pooler in between, failed; nobody says when.
        // 58: the operating system failed, perhaps while the commit was being written or after it.
        // XX: the server does not understand itself, so it is not to be believed about a commit either.
        let class = state.code().get(..2).unwrap_or_default();
        shut_down || matches!(class, "08" | "58" | "XX")
        // Whatever else a server says, it says in place of a commit: 57014 a timeout, 53100 a full disk, 40P01 a deadlock,
        // 55P03 a lock that was not to be had, 25006 a server that only reads, 23xxx a constraint.
    }

    /// Whether the statement lost against another one, did nothing, and would likely succeed the next time.
    pub(super) fn may_be_repeated(&self) -> bool {
        let lost = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
        self.refusal().is_some_and(|refusal| lost.contains(refusal.code()))
    }

    /// Whether the connection is of no more use: it is gone or doubtful, or its server no longer takes changes.
    pub(super) fn spoils_connection(&self) -> bool {
        match self {
            Self::Broken(_) => false,
            Self::Driver(_) => {
                let reads_only = |refusal: &DbError| *refusal.code() == SqlState::READ_ONLY_SQL_TRANSACTION;
                self.leaves_doubt() || self.refusal().is_some_and(reads_only)
            }
        }
    }

    /// For a question that changes nothing.
    pub(super) fn of_read(self) -> StoreError {
        StoreError::Unavailable(self.into())
    }

    /// For a change that was sent.
    pub(super) fn of_write(self) -> StoreError {
        if self.leaves_doubt() { StoreError::Unknown(self.into()) } else { StoreError::Unavailable(self.into()) }
    }
}

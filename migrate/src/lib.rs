//! Brings a store to the schema that this version expects, and back.

pub mod loss;
pub mod postgres;
pub mod seed;
pub mod settings;
pub mod sqlite;
mod standing;

use thiserror::Error;

use crate::loss::Loss;
pub use standing::{Migration, Standing};

/// Whose schema it is. Each service has a schema of its own that the other never reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Accounts and sessions.
    Auth,
    /// Rooms and their logs.
    Chat,
}

impl Service {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Auth, Self::Chat];

    /// Its name in paths and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Chat => "chat",
        }
    }
}

/// Why a schema could not be brought where it should be.
#[derive(Debug, Error)]
pub enum Error {
    /// A newer version of Natter was here.
    #[error(
        "the {service} store was written by a newer version of Natter: its schema is at version {found}, this program knows up to \
         {known}. Start that newer version again, or restore a backup from before the upgrade"
    )]
    Newer {
        /// Whose.
        service: &'static str,
        /// The schema's version.
        found: i64,
        /// The newest version that we know.
        known: i64,
    },
    /// The schema is not there yet.
    #[error("the {service} store is at version {found} and this program needs {known}. Run `migrate up` first")]
    Older {
        /// Whose.
        service: &'static str,
        /// The schema's version.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// Going down would take something away, and nobody has said that it may.
    #[error("going down would lose what these have:\n{}\nNothing was changed. If they may go, make a backup and say --yes", loss::list(.losses))]
    WouldLose {
        /// What.
        losses: Vec<Loss>,
    },
    /// Somebody else is migrating, or has stopped in the middle of it.
    #[error(
        "the {service} store is being migrated by {holder}, and has been for {seconds} seconds. Wait for that one, or end it \
         with pg_terminate_backend, and start again"
    )]
    Busy {
        /// Whose.
        service: &'static str,
        /// Who holds the lock.
        holder: String,
        /// How long we have waited.
        seconds: u64,
    },
    /// A migration that was applied is not the one that we know by its number.
    #[error("the {service} store cannot be migrated: {cause}")]
    Failed {
        /// Whose.
        service: &'static str,
        /// What went wrong.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A schema version to go back to that is not below the current one.
#[derive(Debug, Error)]
#[error("the schema is at version {current}, so it cannot go down to {wanted}")]
pub struct NotBelow {
    /// Where it is.
    pub current: i64,
    /// Where it was to go.
    pub wanted: i64,
}

/// A schema version that this program does not have.
#[derive(Debug, Error)]
#[error("there is no version {wanted}; the newest is {known}")]
pub struct NoSuchVersion {
    /// What was wanted.
    pub wanted: i64,
    /// The newest.
    pub known: i64,
}

//! Brings a store to the schema that this version expects, and back.

pub mod sqlite;

use thiserror::Error;

/// Whose schema it is. Each service has a schema of its own that the other never reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Accounts and sessions.
    Auth,
    /// Rooms and their logs.
    Chat,
}

impl Service {
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

//! The embedded store.

mod columns;
mod outbox;
mod sessions;
mod users;

pub use outbox::SqliteOutbox;
pub use sessions::SqliteSessions;
pub use users::SqliteUsers;

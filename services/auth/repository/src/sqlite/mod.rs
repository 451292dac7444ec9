//! The embedded store.

mod columns;
mod sessions;
mod users;

pub use sessions::SqliteSessions;
pub use users::SqliteUsers;

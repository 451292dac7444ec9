//! PostgreSQL, which all nodes share. Each change is one statement that commits by itself.

mod columns;
mod outbox;
mod sessions;
mod store;
mod users;

pub use outbox::PostgresOutbox;
pub use sessions::PostgresSessions;
pub use store::PostgresStore;
pub use users::PostgresUsers;

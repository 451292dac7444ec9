//! The embedded store. One thread writes; see `database::sqlite`.

mod append;
mod log;
mod members;
mod neighbours;
mod people;
#[cfg(test)]
mod plan;
mod rooms;
mod rows;
mod standings;
mod store;

pub use log::SqliteLog;
pub use people::SqlitePeople;
pub use rooms::SqliteRooms;
pub use store::SqliteStore;

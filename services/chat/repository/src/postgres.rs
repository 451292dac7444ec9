//! The store of a fleet, which any number of nodes share. A few writers commit; see `database::postgres`. What a change
//! does is in `migrate/sql/postgres/chat/`: one function for each, called by one statement.

mod append;
#[cfg(test)]
mod both_appends;
mod log;
mod members;
mod neighbours;
mod people;
#[cfg(test)]
mod plan;
mod replica;
mod rooms;
mod rows;
mod standings;
mod store;

pub use log::PostgresLog;
pub use people::PostgresPeople;
pub use rooms::PostgresRooms;
pub use store::PostgresStore;

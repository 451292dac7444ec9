//! The bus of a fleet: what is published here is heard by every process that cares, through NATS.
//!
//! The process's own subscribers hear it at once, as on a [`LocalBus`](crate::LocalBus), and the connection is told not
//! to echo it.

mod bus;
mod connection;
mod interest;
mod ours;
mod trouble;

pub use bus::NatsBus;
pub use connection::Nats;

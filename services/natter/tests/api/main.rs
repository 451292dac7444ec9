//! The product over real sockets: each test has a server of its own, in this process, on a free port.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod backpressure;
mod counted_bus;
mod golden;
mod limits;
mod membership_races;
mod messages;
mod openapi;
mod presence;
mod profiles;
mod reconcile;
mod resume;
mod rooms;
mod server;
mod sessions;
mod smoke;
mod sockets;
mod store_away;
mod upgrades;
mod wrong_input;

//! The bus of a fleet on a real NATS.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod durable;
mod live;

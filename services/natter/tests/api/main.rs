//! The product over real sockets: each test has a server of its own, in this process, on a free port.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

mod backpressure;
mod limits;
mod reconcile;
mod resume;
mod server;
mod sessions;
mod smoke;
mod sockets;

//! Tests only: people who talk to a real server over real sockets, servers as processes, ours and those that we need, and a
//! clock that can be turned.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "in a test a panic is how one says that it failed")]

mod clock;
mod live;
mod process;
mod raw;
mod rest;
mod servers;
mod turned;
mod until;

pub use clock::FakeClock;
pub use live::{Closed, Live};
pub use process::{Process, example};
pub use raw::{RawFrame, RawSocket};
pub use rest::{Answer, Person, Rest};
pub use servers::{NatsServer, PostgresServer, RedisServer, Server};
pub use turned::Turned;
pub use until::{PATIENCE, until};

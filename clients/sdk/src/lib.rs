//! The library that Natter's own clients are built on, and that bots are written with.

mod address;
mod backoff;
mod client;
mod error;
mod event;
mod http;
mod live;
mod server;
mod server_info;
mod session;
mod session_file;
mod tls;

pub use address::{Address, AddressError};
pub use client::{Around, Client, Events};
pub use error::{Error, Refusal};
pub use event::Event;
pub use live::{Cursors, Ended, Live, LiveOptions, NewMessage, OnResync, SendState, Sending, Status, Update, Updates};
pub use server::Server;
pub use server_info::ServerInfo;
pub use session_file::{SavedSession, SessionFile};

/// The types that cross the wire.
pub use contract;
pub use kernel::{MessageId, RoomId, SessionId, Timestamp, UserId};

//! The library that Natter's own clients are built on, and that bots are written with: one client that is right.
//!
//! [`Server`] is a server before one has signed in, [`Client`] is somebody who has: its methods are REST calls.
//! [`Client::live`] connects and stays connected. It gives a [`Live`], with which one sends, and [`Updates`], which tell
//! everything that happens.
//!
//! What it takes care of:
//! - **Tokens** are refreshed ahead of their end, and the connection is renewed with them. Programs that share a
//!   [`SessionFile`] share the session; without that, two that refresh would end it.
//! - **Events** of a room come once, in order, without a gap: after a lost connection from where it was, by replay or in
//!   pages; a hole that the server leaves is filled. What will not be told is said, by [`Update::Skipped`] or by
//!   a room whose mode is `reset`.
//! - **Messages** are sent until they are acknowledged, on as many connections as that takes, under one id, so that they
//!   arrive once, and those to one room in the order in which they were given. [`Update::Sending`] tells how each stands.
//! - **Connections** are made again after the server's hint, or after a random time that grows (full jitter).
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use natter_client::{LiveOptions, NewMessage, Server};
//!
//! let client = Server::new("localhost:8080".parse()?)?.sign_in("ada", "a long sentence", "laptop").await?;
//! let room = client.public_room("dev").await?.ok_or("there is no room dev")?;
//! client.join(room.id).await?;
//! let (live, mut updates) = client.live(LiveOptions::default());
//! let sent = live.send(NewMessage::new(room.id, "Hello!")).await?;
//! while let Some(event) = updates.next_event().await {
//!     println!("{}", event.json());
//! }
//! # drop(sent);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/bot.rs` is a whole bot. To go on where one was after a restart, keep the `seq` of each room's last event, and
//! the epoch, as [`Cursors`].

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
pub use session::tokens_settled;
pub use session_file::{SavedSession, SessionFile};

/// The types that cross the wire.
pub use contract;
pub use kernel::{MessageId, RoomId, SessionId, Timestamp, UserId};

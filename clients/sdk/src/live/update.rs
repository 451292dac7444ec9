//! What a connection tells.

use std::time::Duration;

use contract::events::PassingEvent;
use contract::frames::{MessageSent, RoomEntry};
use kernel::RoomId;
use uuid::Uuid;

use crate::{Event, Refusal};

/// How a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is being made.
    Connecting,
    /// It is there, and what was missed is on its way.
    CatchingUp,
    /// Everything that was missed has been told.
    Ready,
    /// It is gone, and will be made again.
    Waiting {
        /// In how long.
        retry_in: Duration,
        /// Why it is gone.
        why: String,
    },
    /// It is gone for good: nothing more will come.
    Ended(Ended),
}

/// Why a connection is gone for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its owner has closed it.
    Closed,
    /// The session is over: sign in again.
    SessionEnded(String),
    /// The server wants no connection of this kind.
    Refused(String),
}

/// What a connection tells.
#[derive(Clone, Debug)]
pub enum Update {
    /// How the connection is.
    Status(Status),
    /// A room that one is in: all of them at each connection, and each one that is joined. Mode `reset` means: forget what
    /// you have of it.
    Room(Box<RoomEntry>),
    /// A room that one is in no more.
    RoomRemoved(RoomId),
    /// Events that will not be told: with [`OnResync::Skip`](crate::OnResync::Skip), or because the server does not keep them any more.
    Skipped {
        /// Of which room.
        room_id: RoomId,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// An event of a room's log: within a room each is the next one.
    Event(Event),
    /// Something that passes, and is not kept.
    Passing(PassingEvent),
    /// How it stands with a message that is being sent.
    Sending {
        /// Its room.
        room_id: RoomId,
        /// Its id.
        client_msg_id: Uuid,
        /// How it stands.
        state: SendState,
    },
}

/// How it stands with a message that is being sent.
#[derive(Clone, Debug, PartialEq)]
pub enum SendState {
    /// It waits: for a connection, for the message before it, or because the server asked for patience.
    Waiting,
    /// It is on its way.
    Sent,
    /// It is durable, and everybody will see it.
    Acknowledged(MessageSent),
    /// It was refused, and nobody will see it.
    Refused(Box<Refusal>),
    /// Nobody tries any more. Whether it has arrived is unknown if it was on its way.
    Abandoned(String),
}

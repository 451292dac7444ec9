//! What is told and not kept.

use chat_entity::{Profile, Seq};
use kernel::{RoomId, UserId};

use super::PresenceChange;

/// Something that a client may show and may miss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// Somebody writes.
    TypingStarted {
        /// Where.
        room: RoomId,
        /// Who.
        user: Profile,
    },
    /// Somebody stopped writing.
    TypingStopped {
        /// Where.
        room: RoomId,
        /// Who.
        user: Profile,
    },
    /// A read mark moved.
    ReadMoved {
        /// Where.
        room: RoomId,
        /// Whose.
        user: UserId,
        /// To where.
        read_seq: Seq,
        /// Whether the other members are told, or the user's own devices only.
        to_all: bool,
    },
    /// Somebody has become something else to others.
    PresenceChanged {
        /// Who, and what.
        change: PresenceChange,
        /// The rooms that the user is in: whoever is in one of them is told, once.
        rooms: Vec<RoomId>,
    },
}

/// Tells every node. It MUST NOT block, and may lose.
#[cfg_attr(test, mockall::automock)]
pub trait PassingEvents: Send + Sync {
    /// Tells it.
    fn tell(&self, event: Passing);
}

//! What a room's log is made of.

use kernel::{RoomId, Timestamp, UserId};

use crate::{Message, Profile, Room, Seq};

/// One entry of a room's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The room.
    pub room_id: RoomId,
    /// The place in its log.
    pub seq: Seq,
    /// When it was accepted.
    pub at: Timestamp,
    /// Who did it; nobody for what the server does by itself.
    pub actor: Option<UserId>,
    /// What happened.
    pub content: EventContent,
}

/// The kinds of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EventContent {
    /// The room was made; always the first.
    RoomCreated(Box<Room>),
    /// Somebody came in.
    MemberJoined(Profile),
    /// Somebody went.
    MemberLeft(Profile),
    /// Somebody said something.
    MessageCreated(Box<Message>),
}

//! What a server says of itself, so that a client knows what it can offer to its user.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer of `GET /v1/meta`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meta {
    /// `natter`.
    pub name: String,
    /// The server's version.
    pub version: String,
    /// The WebSocket subprotocols that it speaks, best first.
    pub subprotocols: Vec<String>,
    /// What it can do beyond signing in: a client offers nothing that is not named here.
    pub features: Vec<Feature>,
    /// What it takes.
    pub limits: MetaLimits,
}

/// Something that a server can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Public and private rooms.
    Rooms,
    /// The timeline and the raw log.
    History,
    /// Read marks and unread counts.
    ReadMarks,
    /// Who is writing.
    Typing,
    /// `@name` in a message.
    Mentions,
    /// Messages that answer others.
    Replies,
    /// Refresh tokens in a cookie.
    RefreshCookies,
    /// Who is online.
    Presence,
    /// The list of one's sessions, and ending them.
    Sessions,
    /// Rooms of a set of people.
    DirectRooms,
    /// Title, topic and metadata of a room that is there.
    RoomSettings,
    /// Editing and deleting messages.
    Editing,
    /// Reactions to messages.
    Reactions,
    /// Finding messages by their text.
    Search,
}

/// What a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetaLimits {
    /// Characters of a message's body.
    pub max_body_chars: u64,
    /// Bytes of a client's frame.
    pub max_frame_bytes: u64,
    /// Items of a page at most.
    pub max_page: u32,
}

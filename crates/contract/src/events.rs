//! What happens: the events of a room's log, passing events, and the notes that nodes send each other.

use kernel::{MessageId, RoomId, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::{Author, Format, Message, PresenceStatus, Role, Room};
use crate::frames::RoomEntry;

/// One entry of a room's log. `seq` counts 1, 2, 3 … without a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogEvent {
    /// What happened.
    #[serde(flatten)]
    pub content: LogContent,
    /// The room.
    pub room_id: RoomId,
    /// The place in the room's log.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; `null` for the server itself.
    pub actor_id: Option<UserId>,
}

/// The kinds of log events. A client counts the `seq` of kinds that it does not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data")]
pub enum LogContent {
    /// The first event of each log.
    #[serde(rename = "room.created")]
    RoomCreated {
        /// The room as it was made.
        room: Room,
    },
    /// Title, topic or metadata changed.
    #[serde(rename = "room.updated")]
    RoomUpdated {
        /// The room as it is now.
        room: Room,
    },
    /// The room was closed for good.
    #[serde(rename = "room.archived")]
    RoomArchived {
        /// The room as it is now.
        room: Room,
    },
    /// Somebody joined.
    #[serde(rename = "member.joined")]
    MemberJoined {
        /// Who.
        user: Author,
    },
    /// Somebody left.
    #[serde(rename = "member.left")]
    MemberLeft {
        /// Who.
        user: Author,
    },
    /// Somebody was removed.
    #[serde(rename = "member.removed")]
    MemberRemoved {
        /// Who.
        user: Author,
        /// Whether they may come back.
        banned: bool,
    },
    /// Somebody may do more, or less.
    #[serde(rename = "member.role_changed")]
    MemberRoleChanged {
        /// Who.
        user: Author,
        /// What they are now.
        role: Role,
    },
    /// A message was sent.
    #[serde(rename = "message.created")]
    MessageCreated(Box<Message>),
    /// A message was changed.
    #[serde(rename = "message.edited")]
    MessageEdited {
        /// Which.
        message_id: MessageId,
        /// The new text.
        body: String,
        /// How to show it.
        format: Format,
        /// Whom it names now.
        mentions: Vec<UserId>,
        /// When.
        edited_at: Timestamp,
    },
    /// A message was deleted.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        /// Which.
        message_id: MessageId,
    },
    /// A reaction was given.
    #[serde(rename = "reaction.added")]
    ReactionAdded {
        /// To which message.
        message_id: MessageId,
        /// Which one.
        emoji: String,
    },
    /// A reaction was taken back.
    #[serde(rename = "reaction.removed")]
    ReactionRemoved {
        /// From which message.
        message_id: MessageId,
        /// Which one.
        emoji: String,
    },
    /// A message was pinned.
    #[serde(rename = "message.pinned")]
    MessagePinned {
        /// Which.
        message_id: MessageId,
    },
    /// A message is no longer pinned.
    #[serde(rename = "message.unpinned")]
    MessageUnpinned {
        /// Which.
        message_id: MessageId,
    },
}

/// What happens and is not kept. It has no `seq` and may be dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum PassingEvent {
    /// Somebody writes; it ends by itself after 6 s.
    #[serde(rename = "typing.started")]
    TypingStarted {
        /// Where.
        room_id: RoomId,
        /// Who.
        data: TypingUser,
    },
    /// Somebody stopped writing.
    #[serde(rename = "typing.stopped")]
    TypingStopped {
        /// Where.
        room_id: RoomId,
        /// Who.
        data: TypingUser,
    },
    /// A read mark moved.
    #[serde(rename = "read.updated")]
    ReadUpdated {
        /// Where.
        room_id: RoomId,
        /// Whose, and to where.
        data: ReadPosition,
    },
    /// Somebody with whom one shares a room has come, gone, or said something else of themself.
    #[serde(rename = "presence.changed")]
    PresenceChanged {
        /// Who, and what they are now.
        data: PresenceChanged,
    },
    /// One is in a room more, by another way than a request of this socket.
    #[serde(rename = "room.added")]
    RoomAdded {
        /// The room, as in the reply to `start`.
        data: Box<RoomEntry>,
    },
    /// One is in a room less.
    #[serde(rename = "room.removed")]
    RoomRemoved {
        /// Which.
        room_id: RoomId,
    },
    /// The access token ends in a minute: renew the session.
    #[serde(rename = "session.expiring")]
    SessionExpiring {
        /// When exactly.
        data: Expiry,
    },
}

/// Who is typing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TypingUser {
    /// The user.
    pub user: Author,
}

/// Up to where somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadPosition {
    /// Who.
    pub user_id: UserId,
    /// Up to where.
    pub read_seq: u64,
}

/// What somebody's presence has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresenceChanged {
    /// Who.
    pub user_id: UserId,
    /// What it is now.
    pub status: PresenceStatus,
    /// When they were last known to be there. Of two events about one user the one with the later time holds.
    pub last_seen_at: Timestamp,
}

/// When a token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Expiry {
    /// The end, without leeway.
    pub expires_at: Timestamp,
}

/// The bus topic of [`SessionEnded`].
pub const SESSIONS_TOPIC: &str = "sessions";
/// The bus topic of what was committed to the rooms' logs.
pub const LOG_TOPIC: &str = "log";
/// The bus topic of who has joined a room, for nodes that do not follow the room yet.
pub const JOINED_TOPIC: &str = "joined";
/// The bus topic of passing events.
pub const PASSING_TOPIC: &str = "passing";
/// The bus topic of changed presence.
pub const PRESENCE_TOPIC: &str = "presence";
/// The kind of bus channel that carries what happens in one room.
pub const ROOM_CHANNEL: &str = "room";
/// The kind of bus channel that carries what one user's own sockets must hear.
pub const USER_CHANNEL: &str = "user";

/// A note between nodes: a session is dead, and so must be its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnded {
    /// Which.
    pub session_id: SessionId,
    /// Why.
    pub reason: SessionEndReason,
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEndReason {
    /// Its user ended it.
    SignedOut,
    /// A refresh token came back that had been replaced long ago.
    RefreshReused,
    /// The account was disabled.
    AccountDisabled,
}

/// The topic of [`ProfileChanged`], among those of events that must not be lost.
pub const PROFILES_TOPIC: &str = "profiles";

/// A note between services: an account looks different from now on. It comes at least once and in any order; the highest
/// version is the latest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileChanged {
    /// Whose.
    pub user_id: UserId,
    /// Counts the changes of this profile.
    pub version: u64,
    /// The unique name.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

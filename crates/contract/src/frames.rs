//! The frames of the WebSocket, subprotocol `chat.v1`: one JSON object in each.

use std::collections::HashMap;

use kernel::{ConnectionId, MessageId, RoomId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::chat::{Author, Format, PresenceStatus, Role, Room};
use crate::problem::Problem;

/// The subprotocol that we speak.
pub const SUBPROTOCOL: &str = "chat.v1";
/// The prefix of the subprotocol entry that carries a ticket.
pub const TICKET_PREFIX: &str = "ticket.";
/// The longest `id` of a request, in characters.
pub const MAX_REQUEST_ID: usize = 64;
/// Rooms in the reply to `start` and in each `rooms` frame, at most.
pub const ROOMS_PER_FRAME: usize = 200;

/// A request, before its `data` is looked at.
#[derive(Debug, Deserialize)]
pub struct RawRequest<'a> {
    /// Comes back as `reply_to`; 1–64 characters, not in use by a request in flight.
    #[serde(borrow)]
    pub id: std::borrow::Cow<'a, str>,
    /// What is asked.
    #[serde(borrow, rename = "type")]
    pub kind: std::borrow::Cow<'a, str>,
    /// The arguments; absent counts as `{}`.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
}

/// A request as a client writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// Comes back as `reply_to`.
    pub id: String,
    /// What is asked.
    #[serde(rename = "type")]
    pub kind: String,
    /// The arguments.
    pub data: Value,
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reply<T> {
    /// The request's `id`.
    pub reply_to: String,
    /// Whether it was done.
    pub ok: bool,
    /// What came of it, when it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

impl<T> Reply<T> {
    /// It was done.
    pub fn ok(reply_to: impl Into<String>, data: T) -> Self {
        Self { reply_to: reply_to.into(), ok: true, data: Some(data), error: None }
    }

    /// It was not done.
    pub fn refused(reply_to: impl Into<String>, problem: Problem) -> Self {
        Self { reply_to: reply_to.into(), ok: false, data: None, error: Some(problem) }
    }
}

/// What the server says of itself and of the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data")]
pub enum ServerFrame {
    /// The first frame.
    #[serde(rename = "hello")]
    Hello(Box<Hello>),
    /// More rooms than the reply to `start` had place for.
    #[serde(rename = "rooms")]
    Rooms(Started),
    /// Every replay has been sent.
    #[serde(rename = "ready")]
    Ready,
    /// The last frame before the server closes.
    #[serde(rename = "goodbye")]
    Goodbye(Goodbye),
}

/// Who one is and what holds here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    /// This connection, for the logs.
    pub connection_id: ConnectionId,
    /// Oneself.
    pub user: Author,
    /// The session that the connection belongs to.
    pub session_id: SessionId,
    /// Names the store's history; it changes only when the store was restored from a backup.
    pub epoch: String,
    /// How often the server pings, in milliseconds.
    pub heartbeat_ms: u64,
    /// The server's clock.
    pub server_time: Timestamp,
    /// When the access token ends; renew the session before.
    pub token_expires_at: Timestamp,
    /// What this server takes.
    pub limits: Limits,
}

/// What this server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Bytes of a client's frame.
    pub max_frame_bytes: u64,
    /// Characters of a message's body.
    pub max_body_chars: u64,
    /// Requests in flight.
    pub max_in_flight: u64,
    /// Missed events that are replayed; beyond that it is `resync`.
    pub max_replay_events: u64,
}

/// The arguments of `start`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The epoch that the cursors belong to.
    #[serde(default)]
    pub epoch: Option<String>,
    /// The last `seq` that the client has of each room.
    #[serde(default)]
    pub cursors: HashMap<RoomId, u64>,
}

/// The rooms of the caller; the reply to `start`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Started {
    /// Up to 200; more follow in `rooms` frames.
    pub rooms: Vec<RoomEntry>,
}

/// How a room goes on after `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing was missed, or no cursor was given.
    Live,
    /// The missed events follow.
    Replay,
    /// Too many were missed: page `events?after_seq` up to `head_seq`.
    Resync,
    /// What the client has is not of this log: forget it.
    Reset,
}

/// A room and one's place in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomEntry {
    /// The room.
    pub room: Room,
    /// What one may do in it.
    pub role: Role,
    /// Its latest event.
    pub head_seq: u64,
    /// Up to where one has read.
    pub read_seq: u64,
    /// Messages after that.
    pub unread: u64,
    /// Those of them that name one.
    pub mentions: u64,
    /// How it goes on.
    pub mode: Mode,
    /// The first event that follows on this socket.
    pub from_seq: u64,
}

/// Why the server is about to close, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Goodbye {
    /// The code that the close frame will have.
    pub code: u16,
    /// The reason, for a person.
    pub reason: String,
    /// Whether to reconnect.
    pub resumable: bool,
    /// When to reconnect, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// The arguments of `message.send`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Where to.
    pub room_id: RoomId,
    /// 1–8,000 characters, not blank.
    pub body: String,
    /// A UUID of the client's choosing: sending it again gives the same message, for ever.
    pub client_msg_id: Uuid,
    /// How to show the body.
    #[serde(default)]
    pub format: Format,
    /// A message of the same room.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    /// None yet: this server does not take files so far.
    #[serde(default)]
    pub attachments: Vec<Value>,
}

/// The reply to `message.send`: the message is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageSent {
    /// Its id.
    pub message_id: MessageId,
    /// Its place in the room's log.
    pub seq: u64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Whether it was there before.
    pub deduplicated: bool,
}

/// The arguments of `room.join`, `room.leave`, `typing.start` and `typing.stop`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InRoom {
    /// Which room.
    pub room_id: RoomId,
}

/// The arguments of `read.mark`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkReadIn {
    /// Which room.
    pub room_id: RoomId,
    /// Up to where one has read.
    pub seq: u64,
}

/// The arguments of `presence.set`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// `online`, `away` or `dnd`; whoever has a socket is not offline.
    pub status: PresenceStatus,
}

/// The arguments of `presence.list`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPresence {
    /// Which room; absent for everybody who is in a room with oneself.
    #[serde(default)]
    pub room_id: Option<RoomId>,
}

/// The arguments of `session.renew`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewSession {
    /// A fresh access token of the same session.
    pub access_token: String,
}

/// The reply to `ping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pong {
    /// The server's clock.
    pub server_time: Timestamp,
}

/// Close codes of our own; RFC 6455 defines the ones below 4000.
pub mod close {
    /// The server is about to stop.
    pub const DRAINING: u16 = 4400;
    /// The access token has ended.
    pub const TOKEN_EXPIRED: u16 = 4401;
    /// No sign of life, or no `start`, in time.
    pub const NO_HEARTBEAT: u16 = 4408;
    /// The client reads too slowly.
    pub const TOO_SLOW: u16 = 4410;
    /// The session cannot be verified here.
    pub const TRY_ANOTHER_NODE: u16 = 4413;
    /// The client sends too fast and does not heed refusals.
    pub const TOO_FAST: u16 = 4429;
    /// The ticket was not good.
    pub const BAD_CREDENTIALS: u16 = 4500;
    /// The session has ended.
    pub const SESSION_REVOKED: u16 = 4501;
    /// The account is disabled.
    pub const ACCOUNT_DISABLED: u16 = 4502;
    /// No subprotocol that we speak.
    pub const UNSUPPORTED_VERSION: u16 = 4503;
    /// Not JSON, or no `id` and `type`.
    pub const MALFORMED: u16 = 4504;
    /// The user has too many sockets.
    pub const TOO_MANY_CONNECTIONS: u16 = 4505;
}

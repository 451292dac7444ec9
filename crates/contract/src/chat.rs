//! What the chat service takes and gives.

use kernel::{MessageId, RoomId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A user, as others see it beside a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Author {
    /// The account.
    pub id: UserId,
    /// The unique name.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

/// Who may find a room, and how one gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// In the directory; everyone may join.
    Public,
    /// Invisible to those who are not in it.
    Private,
    /// Between a fixed set of people.
    Direct,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// Its id, which never changes.
    pub id: RoomId,
    /// Who may find it.
    pub kind: RoomKind,
    /// Its name; unique among public rooms, `null` for direct ones.
    pub name: Option<String>,
    /// A title to show.
    pub title: Option<String>,
    /// What it is about.
    pub topic: Option<String>,
    /// Whatever its owner keeps there.
    pub metadata: Map<String, Value>,
    /// Who made it; `null` for the rooms that the server makes.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was closed for good.
    pub archived_at: Option<Timestamp>,
    /// How many are in it.
    pub member_count: u64,
    /// The `seq` of its latest event.
    pub head_seq: u64,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but removing owners.
    Admin,
    /// Read and write.
    Member,
}

/// How a body is to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As it is.
    #[default]
    Plain,
    /// As Markdown.
    Markdown,
}

/// A reaction and those who gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Who gave it.
    pub user_ids: Vec<UserId>,
}

/// A message as it stands now. A deleted one keeps id, place, author and times only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The room it was sent to.
    pub room_id: RoomId,
    /// Its place in the room's log.
    pub seq: u64,
    /// Who sent it.
    pub author: Author,
    /// The text.
    pub body: String,
    /// How the text is to be shown.
    pub format: Format,
    /// The sender's own id for it.
    pub client_msg_id: Uuid,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// The members whom it names with `@`.
    pub mentions: Vec<UserId>,
    /// Files that belong to it.
    pub attachments: Vec<Value>,
    /// Reactions, in the order of their first use.
    pub reactions: Vec<Reaction>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// The body of `POST /v1/rooms` and of `room.create`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRoom {
    /// 1–64 letters, digits, `_`, `-`, `.`; case-sensitive, unique among public rooms.
    pub name: String,
    /// `public` or `private`.
    pub kind: RoomKind,
    /// Up to 200 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// Up to 1,000 characters.
    #[serde(default)]
    pub topic: Option<String>,
    /// An object of up to 4 KiB as JSON.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
}

/// A body with one room in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomBody {
    /// The room.
    pub room: Room,
}

/// One's own membership of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// What one may do.
    pub role: Role,
    /// When one joined.
    pub joined_at: Timestamp,
    /// Up to where one has read.
    pub read_seq: u64,
}

/// The answer of `GET /v1/rooms/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoomWithMembership {
    /// The room.
    pub room: Room,
    /// `null` for a public room that one has not joined.
    pub membership: Option<Membership>,
}

/// The answer to joining.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Joined {
    /// The room.
    pub room: Room,
    /// Its latest event; the next one that a socket gets is the one after it.
    pub head_seq: u64,
}

/// A member of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Who it is.
    pub user: Author,
    /// What they may do.
    pub role: Role,
    /// When they joined.
    pub joined_at: Timestamp,
}

/// A room of one's own list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MyRoom {
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
    /// The latest message.
    pub last_message: Option<Message>,
}

/// The body of `POST /v1/rooms/{id}/messages`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostMessage {
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

/// The answer to posting by REST.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Posted {
    /// The message.
    pub message: Message,
    /// Whether it was there before.
    pub deduplicated: bool,
}

/// A page of the timeline, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// The messages as they stand now.
    pub items: Vec<Message>,
    /// Whether there are older ones.
    pub has_more_before: bool,
    /// Whether there are newer ones.
    pub has_more_after: bool,
}

/// A page of the raw log, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventsPage {
    /// The very objects that a socket sends.
    pub items: Vec<crate::events::LogEvent>,
    /// The room's latest event.
    pub head_seq: u64,
}

/// The body of `PUT /v1/rooms/{id}/read`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// Up to where one has read.
    pub seq: u64,
}

/// Up to where one has read, after a mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadMark {
    /// It never moves back and never past the head.
    pub read_seq: u64,
}

/// Whether somebody is there, as others see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceStatus {
    /// Connected.
    Online,
    /// Connected, and not at it.
    Away,
    /// Connected, and not to be disturbed.
    Dnd,
    /// Not connected.
    Offline,
}

/// Somebody who is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserPresence {
    /// Who.
    pub user: Author,
    /// How much.
    pub status: PresenceStatus,
    /// When they were last known to be there: for those who are, now.
    pub last_seen_at: Timestamp,
}

/// Those who are there, by user name without regard to case; the answer of `GET /v1/presence` and of `presence.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PresenceList {
    /// At most 500, and as many as 512 KiB hold.
    pub users: Vec<UserPresence>,
}

/// A ticket for one WebSocket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Goes into the subprotocol list as `ticket.<ticket>`.
    pub ticket: String,
    /// Seconds until it is worth nothing.
    pub expires_in: u64,
}

/// An object without fields: the body of calls that need none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

//! How rows are read: the numbers that stand for kinds, and what each column becomes.

use chat_entity::{
    ClientMsgId, Event, EventContent, Format, Membership, Message, MessageBody, Profile, Role, Room, RoomDetails,
    RoomKind, RoomName, Seq,
};
use kernel::{MessageId, RoomId, Timestamp, UserId};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(super) const ROOM_CREATED: i64 = 1;
pub(super) const MEMBER_JOINED: i64 = 2;
pub(super) const MEMBER_LEFT: i64 = 3;
pub(super) const MESSAGE_CREATED: i64 = 4;

/// The columns that [`room`] reads, from `rooms r` and `room_counters c`.
pub(super) const ROOM_COLUMNS: &str = "r.id, r.kind, r.name, r.title, r.topic, r.metadata, r.created_by, \
     r.created_at, r.archived_at, c.member_count, c.head_seq";

/// The columns that [`event`] reads, from `events e` and, for the author or the member, `users u`.
pub(super) const EVENT_COLUMNS: &str = "e.seq, e.kind, e.at, e.actor, e.message_id, e.client_msg_id, e.format, \
     e.reply_to, e.mentions, e.body, e.detail, u.id, u.username, u.display_name, u.avatar_url, e.message_no";

macro_rules! about {
    () => {
        "LEFT JOIN users u ON u.id = coalesce(e.subject, e.actor)"
    };
}

/// The join that [`EVENT_COLUMNS`] needs.
pub(super) const EVENT_SOURCE: &str = concat!("events e ", about!());

/// A read of messages: `rest` is what follows the condition on the room, which is `?1`. The kind stands there as a
/// number, as SQLite uses the index of messages only where it can see that the condition is the index's own; and the index
/// is named, as SQLite would rather go through the room's rows, which lie together, and does not know how many are no messages.
pub(super) fn select_messages(rest: &str) -> String {
    format!(
        "SELECT {EVENT_COLUMNS} FROM events e INDEXED BY events_messages {} \
         WHERE e.room = ?1 AND e.kind = {MESSAGE_CREATED} {rest}",
        about!()
    )
}

/// SQLite's integers are signed; a count or a place never comes near the difference.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or(0))
}

pub(super) fn seq(row: &Row<'_>, column: usize) -> Result<Seq> {
    count(row, column).map(Seq::new)
}

pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    row.get(column).map(Timestamp::from_millis)
}

pub(super) fn user_id(row: &Row<'_>, column: usize) -> Result<UserId> {
    row.get(column).map(UserId::from_bytes)
}

/// What no version of ours has written.
pub(super) fn broken(column: usize, what: &str) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, format!("a row of the store is not valid: {what}").into())
}

pub(super) fn kind_number(kind: RoomKind) -> i64 {
    match kind {
        RoomKind::Public => 0,
        RoomKind::Private => 1,
        RoomKind::Direct => 2,
    }
}

pub(super) fn room_kind(number: i64) -> Result<RoomKind> {
    match number {
        0 => Ok(RoomKind::Public),
        1 => Ok(RoomKind::Private),
        2 => Ok(RoomKind::Direct),
        _ => Err(broken(0, "a room's kind")),
    }
}

pub(super) fn role_number(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Admin => 1,
        Role::Owner => 2,
    }
}

pub(super) fn role(number: i64) -> Result<Role> {
    match number {
        0 => Ok(Role::Member),
        1 => Ok(Role::Admin),
        2 => Ok(Role::Owner),
        _ => Err(broken(0, "a role")),
    }
}

pub(super) fn format_number(format: Format) -> i64 {
    match format {
        Format::Plain => 0,
        Format::Markdown => 1,
    }
}

fn format(number: i64) -> Result<Format> {
    match number {
        0 => Ok(Format::Plain),
        1 => Ok(Format::Markdown),
        _ => Err(broken(0, "a format")),
    }
}

pub(super) fn profile(row: &Row<'_>, first: usize) -> Result<Profile> {
    Ok(Profile {
        id: user_id(row, first)?,
        username: row.get(first + 1)?,
        display_name: row.get(first + 2)?,
        avatar_url: row.get(first + 3)?,
    })
}

/// Reads [`ROOM_COLUMNS`], which begin at `first`.
pub(super) fn room(row: &Row<'_>, first: usize) -> Result<Room> {
    let name: Option<String> = row.get(first + 2)?;
    let metadata: String = row.get(first + 5)?;
    Ok(Room {
        id: RoomId::from_bytes(row.get(first)?),
        kind: room_kind(row.get(first + 1)?)?,
        name: name.map(|name| RoomName::parse(&name).map_err(|_| broken(first + 2, "a room's name"))).transpose()?,
        details: RoomDetails {
            title: row.get(first + 3)?,
            topic: row.get(first + 4)?,
            metadata: serde_json::from_str(&metadata).map_err(|_| broken(first + 5, "a room's metadata"))?,
        },
        created_by: row.get::<_, Option<_>>(first + 6)?.map(UserId::from_bytes),
        created_at: time(row, first + 7)?,
        archived_at: row.get::<_, Option<_>>(first + 8)?.map(Timestamp::from_millis),
        member_count: count(row, first + 9)?,
        head_seq: seq(row, first + 10)?,
    })
}

/// How many columns [`ROOM_COLUMNS`] has.
pub(super) const ROOM_WIDTH: usize = 11;

/// Reads role, time of joining and read mark.
pub(super) fn membership(row: &Row<'_>, first: usize) -> Result<Membership> {
    Ok(Membership { role: role(row.get(first)?)?, joined_at: time(row, first + 1)?, read_seq: seq(row, first + 2)? })
}

/// Reads [`EVENT_COLUMNS`] from the first column on.
pub(super) fn event(row: &Row<'_>, room_id: RoomId) -> Result<Event> {
    let content = match row.get::<_, i64>(1)? {
        ROOM_CREATED => {
            let detail: String = row.get(10)?;
            let stored: StoredRoom = serde_json::from_str(&detail).map_err(|_| broken(10, "a room as it was made"))?;
            EventContent::RoomCreated(Box::new(stored.into_room(room_id, time(row, 2)?)?))
        }
        MEMBER_JOINED => EventContent::MemberJoined(profile(row, 11)?),
        MEMBER_LEFT => EventContent::MemberLeft(profile(row, 11)?),
        MESSAGE_CREATED => EventContent::MessageCreated(Box::new(message(row, room_id)?)),
        _ => return Err(broken(1, "an event's kind")),
    };
    Ok(Event {
        room_id,
        seq: seq(row, 0)?,
        at: time(row, 2)?,
        actor: row.get::<_, Option<_>>(3)?.map(UserId::from_bytes),
        content,
    })
}

/// Reads the message of a [`MESSAGE_CREATED`] row with [`EVENT_COLUMNS`].
pub(super) fn message(row: &Row<'_>, room_id: RoomId) -> Result<Message> {
    let mentions: Option<Vec<u8>> = row.get(8)?;
    Ok(Message {
        id: MessageId::from_bytes(row.get(4)?),
        room_id,
        seq: seq(row, 0)?,
        author: profile(row, 11)?,
        body: MessageBody::from_store(row.get(9)?),
        format: format(row.get(6)?)?,
        client_msg_id: ClientMsgId(Uuid::from_bytes(row.get(5)?)),
        reply_to: row.get::<_, Option<_>>(7)?.map(MessageId::from_bytes),
        mentions: mentions.as_deref().map(unpack).unwrap_or_default(),
        created_at: time(row, 2)?,
    })
}

/// User ids, one after the other, 16 bytes each; nothing for none.
pub(super) fn pack(ids: &[UserId]) -> Option<Vec<u8>> {
    (!ids.is_empty()).then(|| ids.iter().flat_map(|id| *id.as_bytes()).collect())
}

fn unpack(bytes: &[u8]) -> Vec<UserId> {
    bytes.as_chunks::<16>().0.iter().map(|id| UserId::from_bytes(*id)).collect()
}

/// A room as it was made, in an event's `detail`.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRoom {
    kind: i64,
    name: Option<String>,
    title: Option<String>,
    topic: Option<String>,
    metadata: serde_json::Map<String, serde_json::Value>,
    created_by: Option<UserId>,
}

impl StoredRoom {
    pub(super) fn of(room: &Room) -> Self {
        Self {
            kind: kind_number(room.kind),
            name: room.name.as_ref().map(|name| name.as_str().to_owned()),
            title: room.details.title.clone(),
            topic: room.details.topic.clone(),
            metadata: room.details.metadata.clone(),
            created_by: room.created_by,
        }
    }

    /// The room at its first event: nobody had joined.
    fn into_room(self, id: RoomId, created_at: Timestamp) -> Result<Room> {
        Ok(Room {
            id,
            kind: room_kind(self.kind)?,
            name: self.name.map(|name| RoomName::parse(&name).map_err(|_| broken(10, "a room's name"))).transpose()?,
            details: RoomDetails { title: self.title, topic: self.topic, metadata: self.metadata },
            created_by: self.created_by,
            created_at,
            archived_at: None,
            member_count: 0,
            head_seq: Seq::new(1),
        })
    }
}

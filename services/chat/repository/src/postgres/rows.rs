//! How rows are read: the numbers that stand for kinds, and what each column becomes.

use chat_entity::{
    ClientMsgId, Event, EventContent, Format, Membership, Message, MessageBody, Profile, Role, Room, RoomDetails,
    RoomKind, RoomName, Seq,
};
use database::postgres::{QueryError, decode};
use kernel::{MessageId, RoomId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

pub(super) type Result<T, E = QueryError> = std::result::Result<T, E>;

pub(super) const MESSAGE_CREATED: i16 = 4;
const ROOM_CREATED: i16 = 1;
const MEMBER_JOINED: i16 = 2;
const MEMBER_LEFT: i16 = 3;

/// The columns that [`room`] reads, from `chat.rooms r` and `chat.room_counters c`; those of the view `chat.rooms_now`.
pub(super) const ROOM_COLUMNS: &str = "r.id, r.kind, r.name, r.title, r.topic, r.metadata, r.created_by, \
     r.created_at, r.archived_at, c.member_count, c.head_seq, r.number";

/// How many columns [`ROOM_COLUMNS`] has.
pub(super) const ROOM_WIDTH: usize = 12;

/// The columns that [`event`] reads, from `chat.events e` and, for the author or the member, `chat.users u`.
pub(super) const EVENT_COLUMNS: &str = "e.seq, e.kind, e.at, e.actor, e.message_id, e.client_msg_id, e.format, \
     e.reply_to, e.mentions, e.body, e.detail, u.id, u.username, u.display_name, u.avatar_url, e.message_no";

/// Where among [`EVENT_COLUMNS`] the number of messages is.
pub(super) const MESSAGE_NO: usize = 15;

/// The join that [`EVENT_COLUMNS`] needs.
pub(super) const EVENT_SOURCE: &str = "chat.events e LEFT JOIN chat.users u ON u.id = coalesce(e.subject, e.actor)";

/// PostgreSQL's integers are signed; a count or a place never comes near the difference.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T> {
    Ok(row.try_get(column)?)
}

pub(super) fn count(row: &Row, column: usize) -> Result<u64> {
    get::<i64>(row, column).map(|number| u64::try_from(number).unwrap_or(0))
}

pub(super) fn seq(row: &Row, column: usize) -> Result<Seq> {
    count(row, column).map(Seq::new)
}

pub(super) fn time(row: &Row, column: usize) -> Result<Timestamp> {
    get(row, column).map(Timestamp::from_millis)
}

pub(super) fn text(row: &Row, column: usize) -> Result<String> {
    get(row, column).map(decode)
}

pub(super) fn optional_text(row: &Row, column: usize) -> Result<Option<String>> {
    Ok(get::<Option<String>>(row, column)?.map(decode))
}

fn user_id(row: &Row, column: usize) -> Result<UserId> {
    get::<Uuid>(row, column).map(UserId::from)
}

/// What no version of ours has written.
pub(super) const fn broken(what: &'static str) -> QueryError {
    QueryError::Broken(what)
}

pub(super) fn kind_number(kind: RoomKind) -> i16 {
    match kind {
        RoomKind::Public => 0,
        RoomKind::Private => 1,
        RoomKind::Direct => 2,
    }
}

pub(super) fn room_kind(number: i16) -> Result<RoomKind> {
    match number {
        0 => Ok(RoomKind::Public),
        1 => Ok(RoomKind::Private),
        2 => Ok(RoomKind::Direct),
        _ => Err(broken("a room's kind")),
    }
}

pub(super) fn role(number: i16) -> Result<Role> {
    match number {
        0 => Ok(Role::Member),
        1 => Ok(Role::Admin),
        2 => Ok(Role::Owner),
        _ => Err(broken("a role")),
    }
}

pub(super) fn format_number(format: Format) -> i16 {
    match format {
        Format::Plain => 0,
        Format::Markdown => 1,
    }
}

pub(super) fn format(number: i16) -> Result<Format> {
    match number {
        0 => Ok(Format::Plain),
        1 => Ok(Format::Markdown),
        _ => Err(broken("a format")),
    }
}

/// Reads id, user name, name to show and picture.
pub(super) fn profile(row: &Row, first: usize) -> Result<Profile> {
    Ok(Profile {
        id: user_id(row, first)?,
        username: text(row, first + 1)?,
        display_name: text(row, first + 2)?,
        avatar_url: optional_text(row, first + 3)?,
    })
}

/// Reads [`ROOM_COLUMNS`], which begin at `first`.
pub(super) fn room(row: &Row, first: usize) -> Result<Room> {
    let name: Option<String> = get(row, first + 2)?;
    let metadata: &str = get(row, first + 5)?;
    Ok(Room {
        id: get::<Uuid>(row, first)?.into(),
        kind: room_kind(get(row, first + 1)?)?,
        name: name.map(|name| RoomName::parse(&name).map_err(|_| broken("a room's name"))).transpose()?,
        details: RoomDetails {
            title: optional_text(row, first + 3)?,
            topic: optional_text(row, first + 4)?,
            metadata: serde_json::from_str(metadata).map_err(|_| broken("a room's metadata"))?,
        },
        created_by: get::<Option<Uuid>>(row, first + 6)?.map(UserId::from),
        created_at: time(row, first + 7)?,
        archived_at: get::<Option<i64>>(row, first + 8)?.map(Timestamp::from_millis),
        member_count: count(row, first + 9)?,
        head_seq: seq(row, first + 10)?,
    })
}

/// Reads role, time of joining and read mark.
pub(super) fn membership(row: &Row, first: usize) -> Result<Membership> {
    Ok(Membership { role: role(get(row, first)?)?, joined_at: time(row, first + 1)?, read_seq: seq(row, first + 2)? })
}

/// Whether a row that was joined from the left has [`EVENT_COLUMNS`] from `first` on, or nothing.
pub(super) fn has_event(row: &Row, first: usize) -> Result<bool> {
    Ok(get::<Option<i64>>(row, first)?.is_some())
}

/// Reads [`EVENT_COLUMNS`], which begin at `first`.
pub(super) fn event(row: &Row, first: usize, room_id: RoomId) -> Result<Event> {
    let content = match get::<i16>(row, first + 1)? {
        ROOM_CREATED => {
            let detail: &str = get(row, first + 10)?;
            let stored: StoredRoom = serde_json::from_str(detail).map_err(|_| broken("a room as it was made"))?;
            EventContent::RoomCreated(Box::new(stored.into_room(room_id, time(row, first + 2)?)?))
        }
        MEMBER_JOINED => EventContent::MemberJoined(profile(row, first + 11)?),
        MEMBER_LEFT => EventContent::MemberLeft(profile(row, first + 11)?),
        MESSAGE_CREATED => EventContent::MessageCreated(Box::new(message(row, first, room_id)?)),
        _ => return Err(broken("an event's kind")),
    };
    Ok(Event {
        room_id,
        seq: seq(row, first)?,
        at: time(row, first + 2)?,
        actor: get::<Option<Uuid>>(row, first + 3)?.map(UserId::from),
        content,
    })
}

/// Reads the message of a [`MESSAGE_CREATED`] row with [`EVENT_COLUMNS`] from `first` on.
pub(super) fn message(row: &Row, first: usize, room_id: RoomId) -> Result<Message> {
    Ok(Message {
        id: get::<Uuid>(row, first + 4)?.into(),
        room_id,
        seq: seq(row, first)?,
        author: profile(row, first + 11)?,
        body: MessageBody::from_store(text(row, first + 9)?),
        format: format(get(row, first + 6)?)?,
        client_msg_id: ClientMsgId(get(row, first + 5)?),
        reply_to: get::<Option<Uuid>>(row, first + 7)?.map(MessageId::from),
        mentions: mentions(row, first + 8)?,
        created_at: time(row, first + 2)?,
    })
}

/// Reads user ids; nothing for none.
pub(super) fn mentions(row: &Row, column: usize) -> Result<Vec<UserId>> {
    let ids: Option<Vec<Uuid>> = get(row, column)?;
    Ok(ids.unwrap_or_default().into_iter().map(UserId::from).collect())
}

/// A room as it was made, in an event's `detail`. JSON writes control characters as escapes, so it needs no code.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredRoom {
    kind: i16,
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
            name: self.name.map(|name| RoomName::parse(&name).map_err(|_| broken("a room's name"))).transpose()?,
            details: RoomDetails { title: self.title, topic: self.topic, metadata: self.metadata },
            created_by: self.created_by,
            created_at,
            archived_at: None,
            member_count: 0,
            head_seq: Seq::new(1),
        })
    }
}

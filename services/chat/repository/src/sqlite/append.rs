//! Writing into a log: the next `seq`, the row, the counters. Everything that grows a log goes through here.

use chat_entity::{Event, EventContent, Message, Profile, Room, RoomKind, Seq};
use chat_usecase::port::{Appended, Entry};
use database::sqlite::{Tx, violated_unique};
use kernel::{MessageId, RoomId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::rows;

/// A room's counters, before an event.
pub(super) struct Counters {
    pub(super) number: i64,
    pub(super) head: Seq,
    pub(super) messages: i64,
    pub(super) members: i64,
}

/// An event that is no message.
pub(super) struct Change<'a> {
    pub(super) room_id: RoomId,
    pub(super) at: Timestamp,
    pub(super) actor: Option<UserId>,
    pub(super) content: EventContent,
    pub(super) subject: Option<&'a Profile>,
    /// By how much the number of members changes.
    pub(super) members: i64,
}

/// Appends an event that is no message and moves the counters with it.
pub(super) fn append_change(tx: &mut Tx<'_, Event>, counters: &mut Counters, change: Change<'_>) -> Result<Seq> {
    let seq = counters.head.next();
    let (kind, detail) = match &change.content {
        EventContent::RoomCreated(room) => (rows::ROOM_CREATED, Some(stored_room(room)?)),
        EventContent::MemberJoined(_) => (rows::MEMBER_JOINED, None),
        EventContent::MemberLeft(_) => (rows::MEMBER_LEFT, None),
        EventContent::MessageCreated(_) => return Err(rows::broken(0, "a message that is appended as a change")),
    };
    let connection = tx.connection();
    connection
        .prepare_cached(
            "INSERT INTO events (room, seq, kind, at, actor, subject, message_no, detail) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            counters.number,
            rows::integer(seq.get()),
            kind,
            change.at.as_millis(),
            change.actor.as_ref().map(UserId::as_bytes),
            change.subject.map(|subject| subject.id.as_bytes()),
            counters.messages,
            detail,
        ])?;
    counters.head = seq;
    counters.members += change.members;
    connection
        .prepare_cached(
            "UPDATE room_counters SET head_seq = ?2, member_count = ?3, last_event_at = ?4 WHERE room = ?1",
        )?
        .execute(params![counters.number, rows::integer(seq.get()), counters.members, change.at.as_millis()])?;
    let Change { room_id, at, actor, content, .. } = change;
    tx.emit(Event { room_id, seq, at, actor, content });
    Ok(seq)
}

fn stored_room(room: &Room) -> Result<String> {
    serde_json::to_string(&rows::StoredRoom::of(room)).map_err(|_| rows::broken(0, "a room that cannot be written"))
}

/// Of a room and somebody.
pub(super) const GROUND: &str = "SELECT r.number, c.head_seq, c.message_count, c.member_count, r.kind, r.archived_at IS NOT NULL, \
            u.id, u.username, u.display_name, u.avatar_url \
     FROM rooms r JOIN room_counters c ON c.room = r.number \
     LEFT JOIN members m ON m.room = r.number AND m.user = ?2 LEFT JOIN users u ON u.id = m.user \
     WHERE r.id = ?1";

/// What appending has to know of a room and of the author's place in it.
struct Ground {
    counters: Counters,
    kind: RoomKind,
    archived: bool,
    author: Option<Profile>,
}

/// Appends a message. Refusals write nothing: the one write that may be refused, the insert, comes first.
pub(super) fn append_message(tx: &mut Tx<'_, Event>, entry: &Entry) -> Result<Appended> {
    let connection = tx.connection();
    let room_id = entry.draft.room_id;
    let Some(ground) = ground(connection, room_id, entry.author)? else { return Ok(Appended::NoSuchRoom) };
    let Some(author) = ground.author else {
        return Ok(if ground.kind == RoomKind::Public { Appended::NotAMember } else { Appended::NoSuchRoom });
    };
    let number = ground.counters.number;
    if ground.archived {
        return Ok(repeat(connection, number, entry)?.unwrap_or(Appended::Archived));
    }
    if let Some(original) = entry.draft.reply_to
        && !is_in_room(connection, number, original)?
    {
        return Ok(repeat(connection, number, entry)?.unwrap_or(Appended::NoSuchReply));
    }
    let message = Message {
        id: entry.message_id,
        room_id,
        seq: ground.counters.head.next(),
        author,
        mentions: members_named(connection, number, entry)?,
        body: entry.draft.body.clone(),
        format: entry.draft.format,
        client_msg_id: entry.draft.client_msg_id,
        reply_to: entry.draft.reply_to,
        created_at: entry.at,
    };
    match insert(connection, &ground.counters, &message) {
        Ok(()) => {}
        Err(error) if violated_unique(&error) == Some("events.room, events.actor, events.client_msg_id") => {
            return repeat(connection, number, entry)?.ok_or(error);
        }
        Err(error) => return Err(error),
    }
    count_message(connection, &ground.counters, &message)?;
    tx.emit(Event {
        room_id,
        seq: message.seq,
        at: message.created_at,
        actor: Some(message.author.id),
        content: EventContent::MessageCreated(Box::new(message.clone())),
    });
    Ok(Appended::Created(Box::new(message)))
}

fn ground(connection: &Connection, room: RoomId, author: UserId) -> Result<Option<Ground>> {
    connection
        .prepare_cached(GROUND)?
        .query_row(params![room.as_bytes(), author.as_bytes()], |row| {
            let is_member = row.get::<_, Option<[u8; 16]>>(6)?.is_some();
            Ok(Ground {
                counters: Counters {
                    number: row.get(0)?,
                    head: rows::seq(row, 1)?,
                    messages: row.get(2)?,
                    members: row.get(3)?,
                },
                kind: rows::room_kind(row.get(4)?)?,
                archived: row.get(5)?,
                author: if is_member { Some(rows::profile(row, 6)?) } else { None },
            })
        })
        .optional()
}

fn is_in_room(connection: &Connection, room: i64, message: MessageId) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM events WHERE message_id = ?1 AND room = ?2")?
        .exists(params![message.as_bytes(), room])
}

/// The members that the text names, without its author.
fn members_named(connection: &Connection, room: i64, entry: &Entry) -> Result<Vec<UserId>> {
    let mut members = Vec::new();
    for name in &entry.named {
        let found = connection
            .prepare_cached(
                "SELECT u.id FROM users u JOIN members m ON m.room = ?2 AND m.user = u.id WHERE u.username_key = ?1",
            )?
            .query_row(params![name, room], |row| rows::user_id(row, 0))
            .optional()?;
        members.extend(found.filter(|user| *user != entry.author));
    }
    Ok(members)
}

fn insert(connection: &Connection, counters: &Counters, message: &Message) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO events (room, seq, kind, at, actor, message_no, message_id, client_msg_id, format, reply_to, \
                                 mentions, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            counters.number,
            rows::integer(message.seq.get()),
            rows::MESSAGE_CREATED,
            message.created_at.as_millis(),
            message.author.id.as_bytes(),
            counters.messages + 1,
            message.id.as_bytes(),
            message.client_msg_id.0.as_bytes(),
            rows::format_number(message.format),
            message.reply_to.as_ref().map(MessageId::as_bytes),
            rows::pack(&message.mentions),
            message.body.as_str(),
        ])
        .map(drop)
}

/// Moves the counters, notes the mentions, and the author's read mark: who writes has seen the room.
fn count_message(connection: &Connection, counters: &Counters, message: &Message) -> Result<()> {
    let seq = rows::integer(message.seq.get());
    connection
        .prepare_cached(
            "UPDATE room_counters SET head_seq = ?2, message_count = ?3, last_event_at = ?4 WHERE room = ?1",
        )?
        .execute(params![counters.number, seq, counters.messages + 1, message.created_at.as_millis()])?;
    connection.prepare_cached("UPDATE members SET read_seq = ?3 WHERE room = ?1 AND user = ?2")?.execute(params![
        counters.number,
        message.author.id.as_bytes(),
        seq
    ])?;
    for user in &message.mentions {
        connection
            .prepare_cached("INSERT INTO mentions (room, user, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(params![counters.number, user.as_bytes(), seq])?;
    }
    Ok(())
}

/// The message that an earlier call with the same `client_msg_id` made, if there was one.
fn repeat(connection: &Connection, room: i64, entry: &Entry) -> Result<Option<Appended>> {
    let sql = select_repeat();
    let key = params![room, entry.author.as_bytes(), entry.draft.client_msg_id.0.as_bytes()];
    let earlier =
        connection.prepare_cached(&sql)?.query_row(key, |row| rows::message(row, entry.draft.room_id)).optional()?;
    Ok(earlier.map(|message| {
        if message.is_what(&entry.draft) { Appended::Repeated(Box::new(message)) } else { Appended::ClientMsgIdTaken }
    }))
}

fn select_repeat() -> String {
    format!(
        "SELECT {} FROM {} WHERE e.room = ?1 AND e.actor = ?2 AND e.client_msg_id = ?3",
        rows::EVENT_COLUMNS,
        rows::EVENT_SOURCE
    )
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    #[test]
    fn a_repeat_is_found_by_one_look_into_the_index_that_refuses_it() {
        let plan = plan::of(&select_repeat());
        assert!(plan.contains("SEARCH e USING INDEX events_once (room=? AND actor=? AND client_msg_id=?)"), "{plan}");
    }
}

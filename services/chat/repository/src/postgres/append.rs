//! Appending messages: all that wait together, in one call of a function of `migrate/sql/postgres/chat/`.
//!
//! There are three. `chat.append_one` and `chat.append_together` take it that all is well, and say when it is not; then
//! nothing was done, and `chat.append_messages`, which is dearer, settles it. What keeps their plans right at any size is
//! [`PLANNING`](super::store::PLANNING).

use std::borrow::Cow;

use async_trait::async_trait;
use chat_entity::{ClientMsgId, Event, EventContent, Message, MessageBody, Profile};
use chat_usecase::port::{Appended, Entry};
use database::postgres::{Append, Connection, Done, encode};
use kernel::{MessageId, RoomId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::rows::{self, Result};

macro_rules! append {
    ($function:literal $(, $earlier:literal)?) => {
        concat!(
            "SELECT outcome, seq, mentions, username, display_name, avatar_url",
            $($earlier,)?
            " FROM chat.",
            $function,
            "($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        )
    };
}

pub(super) const APPEND_ONE: &str = append!("append_one");
pub(super) const APPEND_TOGETHER: &str = append!("append_together");
pub(super) const APPEND_WITH_CARE: &str =
    append!("append_messages", ", earlier_id, earlier_format, earlier_reply_to, earlier_body, earlier_at");

/// The outcome that says that nothing was done, in the last row.
const VOID: i32 = 6;

/// Messages, as the writers append them.
pub(super) struct Messages;

/// One column for each parameter of the functions that take many.
#[derive(Default)]
struct Columns<'e> {
    rooms: Vec<Uuid>,
    authors: Vec<Uuid>,
    message_ids: Vec<Uuid>,
    client_msg_ids: Vec<Uuid>,
    formats: Vec<i16>,
    replies_to: Vec<Option<Uuid>>,
    bodies: Vec<Cow<'e, str>>,
    times: Vec<i64>,
    names: Vec<Option<String>>,
}

impl<'e> Columns<'e> {
    fn of(entries: &'e [Entry]) -> Self {
        let mut columns = Self::default();
        for entry in entries {
            columns.rooms.push(entry.draft.room_id.as_uuid());
            columns.authors.push(entry.author.as_uuid());
            columns.message_ids.push(entry.message_id.as_uuid());
            columns.client_msg_ids.push(entry.draft.client_msg_id.0);
            columns.formats.push(rows::format_number(entry.draft.format));
            columns.replies_to.push(entry.draft.reply_to.map(|original| original.as_uuid()));
            columns.bodies.push(encode(entry.draft.body.as_str()));
            columns.times.push(entry.at.as_millis());
            columns.names.push(names(entry));
        }
        columns
    }

    async fn append(&self, connection: &Connection, function: &str) -> Result<Vec<Row>> {
        let statement = connection.prepare_cached(function).await?;
        let found = connection
            .query(
                &statement,
                &[
                    &self.rooms,
                    &self.authors,
                    &self.message_ids,
                    &self.client_msg_ids,
                    &self.formats,
                    &self.replies_to,
                    &self.bodies,
                    &self.times,
                    &self.names,
                ],
            )
            .await?;
        Ok(found)
    }
}

/// The names that a text mentions; none has a comma in it.
fn names(entry: &Entry) -> Option<String> {
    (!entry.named.is_empty()).then(|| entry.named.join(","))
}

async fn append_one(connection: &Connection, entry: &Entry) -> Result<Vec<Row>> {
    let statement = connection.prepare_cached(APPEND_ONE).await?;
    let draft = &entry.draft;
    let found = connection
        .query(
            &statement,
            &[
                &draft.room_id.as_uuid(),
                &entry.author.as_uuid(),
                &entry.message_id.as_uuid(),
                &draft.client_msg_id.0,
                &rows::format_number(draft.format),
                &draft.reply_to.map(|original| original.as_uuid()),
                &encode(draft.body.as_str()),
                &entry.at.as_millis(),
                &names(entry),
            ],
        )
        .await?;
    Ok(found)
}

/// A row for each entry.
async fn append(connection: &Connection, entries: &[Entry]) -> Result<Vec<Row>> {
    let found = match entries {
        [entry] => append_one(connection, entry).await?,
        _ => Columns::of(entries).append(connection, APPEND_TOGETHER).await?,
    };
    let is_void = found.last().is_some_and(|row| rows::get(row, 0).is_ok_and(|outcome: i32| outcome == VOID));
    if is_void { Columns::of(entries).append(connection, APPEND_WITH_CARE).await } else { Ok(found) }
}

#[async_trait]
impl Append for Messages {
    type Entry = Entry;
    type Outcome = Appended;
    type Event = Event;
    // The statement sees what was there before it: a repeat of one of its own entries it would not recognise.
    type Key = (RoomId, UserId, ClientMsgId);

    fn key(entry: &Entry) -> Self::Key {
        (entry.draft.room_id, entry.author, entry.draft.client_msg_id)
    }

    async fn append(connection: &Connection, entries: &[Entry]) -> Result<Done<Vec<Appended>, Event>> {
        let found = append(connection, entries).await?;
        let answer: Vec<_> =
            entries.iter().zip(&found).map(|(entry, row)| outcome(entry, row)).collect::<Result<_>>()?;
        let events = answer.iter().filter_map(|outcome| match outcome {
            Appended::Created(message) => Some(Event {
                room_id: message.room_id,
                seq: message.seq,
                at: message.created_at,
                actor: Some(message.author.id),
                content: EventContent::MessageCreated(message.clone()),
            }),
            Appended::Repeated(_)
            | Appended::ClientMsgIdTaken
            | Appended::NoSuchReply
            | Appended::Archived
            | Appended::NotAMember
            | Appended::NoSuchRoom => None,
        });
        Ok(Done { events: events.collect(), answer })
    }
}

fn outcome(entry: &Entry, row: &Row) -> Result<Appended> {
    match rows::get::<i32>(row, 0)? {
        0 => Ok(Appended::Created(Box::new(created(entry, row)?))),
        1 => {
            let earlier = earlier(entry, row)?;
            let is_repeat = earlier.is_what(&entry.draft);
            Ok(if is_repeat { Appended::Repeated(Box::new(earlier)) } else { Appended::ClientMsgIdTaken })
        }
        2 => Ok(Appended::NoSuchReply),
        3 => Ok(Appended::Archived),
        4 => Ok(Appended::NotAMember),
        5 => Ok(Appended::NoSuchRoom),
        _ => Err(rows::broken("what became of a message")),
    }
}

fn created(entry: &Entry, row: &Row) -> Result<Message> {
    Ok(Message {
        id: entry.message_id,
        room_id: entry.draft.room_id,
        seq: rows::seq(row, 1)?,
        author: author(entry, row)?,
        body: entry.draft.body.clone(),
        format: entry.draft.format,
        client_msg_id: entry.draft.client_msg_id,
        reply_to: entry.draft.reply_to,
        mentions: rows::mentions(row, 2)?,
        created_at: entry.at,
    })
}

fn earlier(entry: &Entry, row: &Row) -> Result<Message> {
    Ok(Message {
        id: rows::get::<Uuid>(row, 6)?.into(),
        room_id: entry.draft.room_id,
        seq: rows::seq(row, 1)?,
        author: author(entry, row)?,
        body: MessageBody::from_store(rows::text(row, 9)?),
        format: rows::format(rows::get(row, 7)?)?,
        client_msg_id: entry.draft.client_msg_id,
        reply_to: rows::get::<Option<Uuid>>(row, 8)?.map(MessageId::from),
        mentions: rows::mentions(row, 2)?,
        created_at: rows::get(row, 10).map(Timestamp::from_millis)?,
    })
}

fn author(entry: &Entry, row: &Row) -> Result<Profile> {
    Ok(Profile {
        id: entry.author,
        username: rows::text(row, 3)?,
        display_name: rows::text(row, 4)?,
        avatar_url: rows::optional_text(row, 5)?,
    })
}

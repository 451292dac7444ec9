//! Appending messages: all that wait together, in one call of `chat.append_messages`, which says why it is right, or of
//! `chat.append_few`, which is quicker for a few.

use std::borrow::Cow;

use async_trait::async_trait;
use chat_entity::{ClientMsgId, Event, EventContent, Message, MessageBody, Profile};
use chat_usecase::port::{Appended, Entry};
use database::postgres::{Append, Connection, Done, encode};
use kernel::{MessageId, RoomId, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::rows::{self, Result};

/// Messages up to which the function for a few is the quicker one.
const FEW: usize = 4;

macro_rules! append {
    ($function:literal) => {
        concat!(
            "SELECT outcome, seq, mentions, username, display_name, avatar_url, \
                    earlier_id, earlier_format, earlier_reply_to, earlier_body, earlier_at \
             FROM chat.",
            $function,
            "($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        )
    };
}

pub(super) const APPEND_FEW: &str = append!("append_few");
pub(super) const APPEND_MANY: &str = append!("append_messages");

/// Messages, as the writers append them.
pub(super) struct Messages;

/// One column for each parameter of `chat.append_messages`.
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
    /// The names that each text mentions; none has a comma in it.
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
            columns.names.push((!entry.named.is_empty()).then(|| entry.named.join(",")));
        }
        columns
    }
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
        let statement = connection.prepare_cached(if entries.len() <= FEW { APPEND_FEW } else { APPEND_MANY }).await?;
        let columns = Columns::of(entries);
        let found = connection
            .query(
                &statement,
                &[
                    &columns.rooms,
                    &columns.authors,
                    &columns.message_ids,
                    &columns.client_msg_ids,
                    &columns.formats,
                    &columns.replies_to,
                    &columns.bodies,
                    &columns.times,
                    &columns.names,
                ],
            )
            .await?;
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

//! The rooms' logs in PostgreSQL.

use async_trait::async_trait;
use chat_entity::{Event, Message, Seq};
use chat_usecase::port::{Access, Appended, Entry, History, Log, Window};
use database::postgres::Connection;
use futures_util::future;
use kernel::{RoomId, StoreError, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::members::Sight;
use super::rows::{self, Result};
use super::store::PostgresStore;

/// The rooms' logs in PostgreSQL.
#[derive(Clone)]
pub struct PostgresLog {
    store: PostgresStore,
}

impl PostgresLog {
    /// On this store.
    pub fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Log for PostgresLog {
    async fn append(&self, entry: Entry) -> Result<Appended, StoreError> {
        self.store.writers.append(*entry.draft.room_id.as_bytes(), entry).await
    }

    async fn history(
        &self,
        reader: UserId,
        room: RoomId,
        window: Window,
        limit: u32,
    ) -> Result<Access<History>, StoreError> {
        if let Some(replica) = &self.store.replica {
            // Who may read is asked of the original, always; and of both at once, so that it costs no time.
            let sight = self.store.readers.read(async |connection| sight(connection, reader, room).await);
            let (sight, found) = future::join(sight, replica.part(room, window, limit)).await;
            if let (Ok((sight, total)), Some(found)) = (sight, found) {
                let history = sight.for_members(|| Ok(page(found, total, window)));
                return history.map_err(|error| StoreError::Unavailable(error.into()));
            }
        }
        self.store.readers.read(async |connection| history(connection, reader, room, window, limit).await).await
    }

    async fn events_after(
        &self,
        reader: UserId,
        room: RoomId,
        after: Seq,
        limit: u32,
    ) -> Result<Access<(Vec<Event>, Seq)>, StoreError> {
        self.store.readers.read(async |connection| events_after(connection, reader, room, after, limit).await).await
    }

    async fn tail(&self, room: RoomId, after: Seq, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.store.readers.read(async |connection| tail(connection, room, after, limit).await).await
    }

    async fn moved(&self, known: Vec<(RoomId, Seq)>) -> Result<Vec<(RoomId, Seq)>, StoreError> {
        self.store.readers.read(async |connection| moved(connection, &known).await).await
    }

    async fn epoch(&self) -> Result<String, StoreError> {
        self.store
            .readers
            .read(async |connection| {
                let statement = connection.prepare_cached("SELECT name FROM chat.epoch").await?;
                rows::get(&connection.query_one(&statement, &[]).await?, 0)
            })
            .await
    }
}

/// A message and how many the room had with it.
pub(super) type Numbered = (Message, i64);

/// A window as two numbers of messages: before a place, and from it on.
pub(super) struct Part {
    pub(super) place: Seq,
    pub(super) before: u32,
    pub(super) from_it_on: u32,
}

impl Part {
    pub(super) fn of(window: Window, limit: u32) -> Self {
        match window {
            Window::Newest => Self { place: Seq::MAX, before: limit, from_it_on: 0 },
            Window::Before(place) => Self { place, before: limit, from_it_on: 0 },
            Window::After(place) => Self { place: place.next(), before: 0, from_it_on: limit },
            Window::Around(place) => Self { place, before: limit / 2, from_it_on: limit - limit / 2 },
        }
    }
}

/// The messages before $3, at most $4, and those from it on, at most $5, of the room that `number` names.
fn select_part(number: &str) -> String {
    let (columns, source, kind) = (rows::EVENT_COLUMNS, rows::EVENT_SOURCE, rows::MESSAGE_CREATED);
    let messages = format!("SELECT {columns} FROM {source} WHERE e.room = {number} AND e.kind = {kind} AND e.seq");
    format!("({messages} < $3 ORDER BY e.seq DESC LIMIT $4) UNION ALL ({messages} >= $3 ORDER BY e.seq LIMIT $5)")
}

/// What a reader sees of a room, the messages that it has, and a part of them; of one moment.
pub(super) fn select_history() -> String {
    format!(
        "SELECT r.kind, m.room IS NOT NULL, c.message_count, h.* \
         FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number \
         LEFT JOIN chat.members m ON m.room = r.number AND m.\"user\" = $2 \
         LEFT JOIN LATERAL ({}) h ON true \
         WHERE r.id = $1 ORDER BY h.seq",
        select_part("m.room")
    )
}

async fn history(
    connection: &Connection,
    reader: UserId,
    room: RoomId,
    window: Window,
    limit: u32,
) -> Result<Access<History>> {
    let part = Part::of(window, limit);
    let statement = connection.prepare_cached(&select_history()).await?;
    let place = rows::integer(part.place.get());
    let limits = [i64::from(part.before), i64::from(part.from_it_on)];
    let found =
        connection.query(&statement, &[&room.as_uuid(), &reader.as_uuid(), &place, &limits[0], &limits[1]]).await?;
    Sight::of(found.first())?.for_members(|| {
        let total = found.first().map_or(Ok(0), |row| rows::get(row, 2))?;
        Ok(page(numbered(&found, 3, room)?, total, window))
    })
}

/// What a reader sees of a room, and the messages that it has.
async fn sight(connection: &Connection, reader: UserId, room: RoomId) -> Result<(Sight, i64)> {
    let sql = "SELECT r.kind, m.room IS NOT NULL, c.message_count \
               FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number \
               LEFT JOIN chat.members m ON m.room = r.number AND m.\"user\" = $2 \
               WHERE r.id = $1";
    let statement = connection.prepare_cached(sql).await?;
    let found = connection.query_opt(&statement, &[&room.as_uuid(), &reader.as_uuid()]).await?;
    Ok((Sight::of(found.as_ref())?, found.map_or(Ok(0), |row| rows::get(&row, 2))?))
}

/// A copy's head of a room and a part of its messages, or `None` when it has no such room yet.
pub(super) async fn copied_part(
    connection: &Connection,
    room: RoomId,
    part: &Part,
) -> Result<Option<(Seq, Vec<Numbered>)>> {
    // $2 is nobody: the numbers of the parameters are those of the other reads of messages.
    let sql = format!(
        "SELECT c.head_seq, h.* FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number \
         LEFT JOIN LATERAL ({}) h ON true WHERE r.id = $1 AND $2::uuid IS NULL ORDER BY h.seq",
        select_part("r.number")
    );
    let statement = connection.prepare_cached(&sql).await?;
    let place = rows::integer(part.place.get());
    let limits = [i64::from(part.before), i64::from(part.from_it_on)];
    let found = connection.query(&statement, &[&room.as_uuid(), &None::<Uuid>, &place, &limits[0], &limits[1]]).await?;
    let Some(first) = found.first() else { return Ok(None) };
    Ok(Some((rows::seq(first, 0)?, numbered(&found, 1, room)?)))
}

/// The messages of rows in which they begin at a column; a row without one is a room without any.
fn numbered(found: &[Row], first: usize, room: RoomId) -> Result<Vec<Numbered>> {
    let mut messages = Vec::new();
    for row in found {
        if rows::has_event(row, first)? {
            messages.push((rows::message(row, first, room)?, rows::get(row, first + rows::MESSAGE_NO)?));
        }
    }
    Ok(messages)
}

fn page(found: Vec<Numbered>, total: i64, window: Window) -> History {
    // The n-th message has n - 1 before it; an empty page lies at one end, and what there is lies on the other side.
    let (has_more_before, has_more_after) = match (found.first(), found.last()) {
        (Some((_, first)), Some((_, last))) => (*first > 1, *last < total),
        _ => match window {
            Window::After(_) | Window::Around(_) => (total > 0, false),
            Window::Before(_) | Window::Newest => (false, total > 0),
        },
    };
    History { items: found.into_iter().map(|(message, _)| message).collect(), has_more_before, has_more_after }
}

/// The events after a place of the room that `number` names.
fn select_events(number: &str, after: &str, limit: &str) -> String {
    format!(
        "SELECT {} FROM {} WHERE e.room = {number} AND e.seq > {after} ORDER BY e.seq LIMIT {limit}",
        rows::EVENT_COLUMNS,
        rows::EVENT_SOURCE
    )
}

pub(super) fn select_events_for_reader() -> String {
    format!(
        "SELECT r.kind, m.room IS NOT NULL, c.head_seq, t.* \
         FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number \
         LEFT JOIN chat.members m ON m.room = r.number AND m.\"user\" = $2 \
         LEFT JOIN LATERAL ({}) t ON true \
         WHERE r.id = $1 ORDER BY t.seq",
        select_events("m.room", "$3", "$4")
    )
}

async fn events_after(
    connection: &Connection,
    reader: UserId,
    room: RoomId,
    after: Seq,
    limit: u32,
) -> Result<Access<(Vec<Event>, Seq)>> {
    let statement = connection.prepare_cached(&select_events_for_reader()).await?;
    let after = rows::integer(after.get());
    let found = connection.query(&statement, &[&room.as_uuid(), &reader.as_uuid(), &after, &i64::from(limit)]).await?;
    Sight::of(found.first())?.for_members(|| {
        let head = found.first().map_or(Ok(Seq::ZERO), |row| rows::seq(row, 2))?;
        let mut events = Vec::new();
        for row in &found {
            if rows::has_event(row, 3)? {
                events.push(rows::event(row, 3, room)?);
            }
        }
        Ok((events, head))
    })
}

pub(super) fn select_tail() -> String {
    format!(
        "SELECT t.* FROM chat.rooms r CROSS JOIN LATERAL ({}) t WHERE r.id = $1 ORDER BY t.seq",
        select_events("r.number", "$2", "$3")
    )
}

async fn tail(connection: &Connection, room: RoomId, after: Seq, limit: u32) -> Result<Vec<Event>> {
    let statement = connection.prepare_cached(&select_tail()).await?;
    let after = rows::integer(after.get());
    let found = connection.query(&statement, &[&room.as_uuid(), &after, &i64::from(limit)]).await?;
    found.iter().map(|row| rows::event(row, 0, room)).collect()
}

async fn moved(connection: &Connection, known: &[(RoomId, Seq)]) -> Result<Vec<(RoomId, Seq)>> {
    let sql = "SELECT r.id, c.head_seq \
               FROM unnest($1::uuid[], $2::bigint[]) AS k (id, seq) \
               JOIN chat.rooms r ON r.id = k.id JOIN chat.room_counters c ON c.room = r.number \
               WHERE c.head_seq > k.seq";
    let statement = connection.prepare_cached(sql).await?;
    let (rooms, places): (Vec<Uuid>, Vec<i64>) =
        known.iter().map(|(room, seq)| (room.as_uuid(), rows::integer(seq.get()))).unzip();
    let found = connection.query(&statement, &[&rooms, &places]).await?;
    found.iter().map(|row| Ok((rows::get::<Uuid>(row, 0)?.into(), rows::seq(row, 1)?))).collect()
}

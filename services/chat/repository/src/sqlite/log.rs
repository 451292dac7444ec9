//! The rooms' logs in SQLite.

use async_trait::async_trait;
use chat_entity::{Event, Message, Seq};
use chat_usecase::port::{Access, Appended, Entry, History, Log, Window};
use kernel::{RoomId, StoreError, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::append::append_message;
use super::members::{Sight, sight};
use super::rows;
use super::store::SqliteStore;

/// The rooms' logs in SQLite.
#[derive(Clone)]
pub struct SqliteLog {
    store: SqliteStore,
}

impl SqliteLog {
    /// On this store.
    pub fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(&self, entry: Entry) -> Result<Appended, StoreError> {
        self.store.writer.append(move |tx| append_message(tx, &entry)).await
    }

    async fn history(
        &self,
        reader: UserId,
        room: RoomId,
        window: Window,
        limit: u32,
    ) -> Result<Access<History>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let snapshot = connection.unchecked_transaction()?;
                sight(&snapshot, reader, room)?
                    .for_members(|number| history(&snapshot, number, room, window, i64::from(limit)))
            })
            .await
    }

    async fn events_after(
        &self,
        reader: UserId,
        room: RoomId,
        after: Seq,
        limit: u32,
    ) -> Result<Access<(Vec<Event>, Seq)>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let snapshot = connection.unchecked_transaction()?;
                sight(&snapshot, reader, room)?.for_members(|number| {
                    let events = events_after(&snapshot, number, room, after, limit)?;
                    Ok((events, head(&snapshot, number)?))
                })
            })
            .await
    }

    async fn tail(&self, room: RoomId, after: Seq, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let number = connection
                    .prepare_cached("SELECT number FROM rooms WHERE id = ?1")?
                    .query_row([room.as_bytes()], |row| row.get(0))
                    .optional()?;
                number.map_or_else(|| Ok(Vec::new()), |number| events_after(connection, number, room, after, limit))
            })
            .await
    }

    async fn moved(&self, known: Vec<(RoomId, Seq)>) -> Result<Vec<(RoomId, Seq)>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let mut head = connection.prepare_cached(
                    "SELECT c.head_seq FROM rooms r JOIN room_counters c ON c.room = r.number WHERE r.id = ?1",
                )?;
                let mut moved = Vec::new();
                for (room, seq) in known {
                    let now = head.query_row([room.as_bytes()], |row| rows::seq(row, 0)).optional()?;
                    moved.extend(now.filter(|now| *now > seq).map(|now| (room, now)));
                }
                Ok(moved)
            })
            .await
    }

    async fn epoch(&self) -> Result<String, StoreError> {
        self.store.readers.read(epoch).await
    }
}

pub(super) fn epoch(connection: &Connection) -> Result<String> {
    connection.prepare_cached("SELECT name FROM epoch")?.query_row([], |row| row.get(0))
}

fn head(connection: &Connection, room: i64) -> Result<Seq> {
    connection
        .prepare_cached("SELECT head_seq FROM room_counters WHERE room = ?1")?
        .query_row([room], |row| rows::seq(row, 0))
}

fn events_after(connection: &Connection, room: i64, id: RoomId, after: Seq, limit: u32) -> Result<Vec<Event>> {
    let sql = format!(
        "SELECT {} FROM {} WHERE e.room = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
        rows::EVENT_COLUMNS,
        rows::EVENT_SOURCE
    );
    let mut events = connection.prepare_cached(&sql)?;
    events.query_map(params![room, rows::integer(after.get()), limit], |row| rows::event(row, id))?.collect()
}

/// A message and how many the room had with it.
type Numbered = (Message, i64);

fn history(connection: &Connection, room: i64, id: RoomId, window: Window, limit: i64) -> Result<History> {
    let messages = |condition: &str, place: Seq, limit: i64| -> Result<Vec<Numbered>> {
        let sql = rows::select_messages(&format!("AND e.seq {condition} LIMIT ?3"));
        let mut rows_found = connection.prepare_cached(&sql)?;
        rows_found
            .query_map(params![room, rows::integer(place.get()), limit], |row| {
                Ok((rows::message(row, id)?, row.get(15)?))
            })?
            .collect()
    };
    let older = |before: Seq, limit: i64| {
        messages("< ?2 ORDER BY e.seq DESC", before, limit).map(|mut found| {
            found.reverse();
            found
        })
    };
    let newer =
        |condition: &str, place: Seq, limit: i64| messages(&format!("{condition} ORDER BY e.seq"), place, limit);
    let found = match window {
        Window::Newest => older(Seq::MAX, limit)?,
        Window::Before(place) => older(place, limit)?,
        Window::After(place) => newer("> ?2", place, limit)?,
        Window::Around(place) => {
            let mut found = older(place, limit / 2)?;
            found.extend(newer(">= ?2", place, limit - limit / 2)?);
            found
        }
    };
    let total: i64 = connection
        .prepare_cached("SELECT message_count FROM room_counters WHERE room = ?1")?
        .query_row([room], |row| row.get(0))?;
    // The n-th message has n - 1 before it; an empty page lies at one end, and what there is lies on the other side.
    let (has_more_before, has_more_after) = match (found.first(), found.last()) {
        (Some((_, first)), Some((_, last))) => (*first > 1, *last < total),
        _ => match window {
            Window::After(_) | Window::Around(_) => (total > 0, false),
            Window::Before(_) | Window::Newest => (false, total > 0),
        },
    };
    Ok(History { items: found.into_iter().map(|(message, _)| message).collect(), has_more_before, has_more_after })
}

impl Sight {
    /// Runs a read that only members may do.
    pub(super) fn for_members<T>(self, read: impl FnOnce(i64) -> Result<T>) -> Result<Access<T>> {
        match self {
            Self::Member(number) => read(number).map(Access::Granted),
            Self::Outside => Ok(Access::NotAMember),
            Self::Nothing => Ok(Access::NoSuchRoom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan;
    use super::*;

    #[test]
    fn reads_of_messages_walk_over_nothing_else() {
        for rest in [
            "AND e.seq < ?2 ORDER BY e.seq DESC LIMIT ?3",
            "AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
            "AND e.seq >= ?2 ORDER BY e.seq LIMIT ?3",
            "ORDER BY e.seq DESC LIMIT 1",
        ] {
            let plan = plan::of(&rows::select_messages(rest));
            assert!(plan.contains("SEARCH e USING INDEX events_messages (room=?"), "{rest}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{rest}: {plan}");
        }
    }
}

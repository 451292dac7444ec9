//! Rooms and memberships in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use chat_entity::{
    Event, EventContent, Membership, NewRoom, Profile, Role, Room, RoomDetails, RoomKind, RoomName, Seq,
};
use chat_usecase::port::{
    Access, Created, Creation, IdempotencyKey, Join, Joined, Left, Marked, MemberOf, MyRoom, Place, RoomPage,
    RoomStanding, Rooms, Standings,
};
use database::sqlite::{Tx, violated_unique};
use kernel::{RoomId, StoreError, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Result, params};

use super::append::{Change, Counters, append_change};
use super::members::{self, add_member, is_in_too_many, profile_of, room_by_number, sight};
use super::neighbours;
use super::rows;
use super::standings::{self, cut};
use super::store::SqliteStore;

/// How long an idempotency key is remembered.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Rooms and memberships in SQLite.
#[derive(Clone)]
pub struct SqliteRooms {
    store: SqliteStore,
}

impl SqliteRooms {
    /// On this store.
    pub fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Rooms for SqliteRooms {
    async fn ensure_default(&self, id: RoomId, name: RoomName, at: Timestamp) -> Result<(), StoreError> {
        let room = NewRoom { kind: RoomKind::Public, name, details: RoomDetails::default() };
        self.store.writer.write(move |tx| insert_room(tx, id, room, None, at).map(drop)).await
    }

    async fn create(&self, creation: Creation) -> Result<Created, StoreError> {
        self.store.writer.write(move |tx| create(tx, creation)).await
    }

    async fn join(&self, join: Join) -> Result<Joined, StoreError> {
        self.store.writer.write(move |tx| members::join(tx, &join)).await
    }

    async fn leave(&self, user: UserId, room: RoomId, at: Timestamp) -> Result<Left, StoreError> {
        self.store.writer.write(move |tx| members::leave(tx, user, room, at)).await
    }

    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<Access<Marked>, StoreError> {
        self.store
            .writer
            .write(move |tx| {
                let connection = tx.connection();
                sight(connection, user, room)?.for_members(|number| members::mark_read(connection, number, user, seq))
            })
            .await
    }

    async fn find(&self, asker: UserId, room: RoomId) -> Result<Option<(Room, Option<Membership>)>, StoreError> {
        self.store.readers.read(move |connection| find(connection, asker, room)).await
    }

    async fn directory(
        &self,
        query: Option<String>,
        name: Option<String>,
        after: Option<Place>,
        limit: u32,
    ) -> Result<RoomPage<Room>, StoreError> {
        self.store
            .readers
            .read(move |connection| directory(connection, query.as_deref(), name.as_deref(), after, limit))
            .await
    }

    async fn mine(&self, user: UserId, after: Option<Place>, limit: u32) -> Result<RoomPage<MyRoom>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let snapshot = connection.unchecked_transaction()?;
                standings::page(&snapshot, user, after, limit)
            })
            .await
    }

    async fn standings(&self, user: UserId) -> Result<Standings, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let snapshot = connection.unchecked_transaction()?;
                standings::all(&snapshot, user)
            })
            .await
    }

    async fn memberships_moved(&self, known: Vec<(UserId, u64)>) -> Result<Vec<(UserId, u64)>, StoreError> {
        self.store.readers.read(move |connection| standings::moved(connection, known)).await
    }

    async fn standing(&self, user: UserId, room: RoomId) -> Result<Option<RoomStanding>, StoreError> {
        self.store.readers.read(move |connection| standings::one(connection, user, room)).await
    }

    async fn members(
        &self,
        reader: UserId,
        room: RoomId,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Access<RoomPage<MemberOf>>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let snapshot = connection.unchecked_transaction()?;
                sight(&snapshot, reader, room)?.for_members(|number| members::page(&snapshot, number, after, limit))
            })
            .await
    }

    async fn members_among(
        &self,
        reader: UserId,
        room: RoomId,
        users: Vec<UserId>,
        limit: u32,
    ) -> Result<Access<Vec<Profile>>, StoreError> {
        self.store
            .readers
            .read(move |connection| {
                let snapshot = connection.unchecked_transaction()?;
                sight(&snapshot, reader, room)?
                    .for_members(|number| neighbours::in_room(&snapshot, number, &users, limit))
            })
            .await
    }

    async fn neighbours_among(
        &self,
        reader: UserId,
        users: Vec<UserId>,
        limit: u32,
    ) -> Result<Vec<Profile>, StoreError> {
        self.store.readers.read(move |connection| neighbours::of(connection, reader, &users, limit)).await
    }

    async fn rooms_of(&self, users: Vec<UserId>) -> Result<Vec<(UserId, RoomId)>, StoreError> {
        self.store.readers.read(move |connection| neighbours::rooms_of(connection, &users)).await
    }
}

/// Inserts a room with its first event; `None` when a public room has the name.
fn insert_room(
    tx: &mut Tx<'_, Event>,
    id: RoomId,
    room: NewRoom,
    created_by: Option<UserId>,
    at: Timestamp,
) -> Result<Option<Counters>> {
    let connection = tx.connection();
    let metadata = serde_json::Value::Object(room.details.metadata.clone()).to_string();
    let inserted = connection
        .prepare_cached(
            "INSERT INTO rooms (id, kind, name, title, topic, metadata, created_by, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .insert(params![
            id.as_bytes(),
            rows::kind_number(room.kind),
            room.name.as_str(),
            room.details.title,
            room.details.topic,
            metadata,
            created_by.as_ref().map(UserId::as_bytes),
            at.as_millis(),
        ]);
    let number = match inserted {
        Ok(number) => number,
        Err(error) if violated_unique(&error) == Some("rooms.name") => return Ok(None),
        Err(error) => return Err(error),
    };
    connection.prepare_cached("INSERT INTO room_counters (room) VALUES (?1)")?.execute([number])?;
    let mut counters = Counters { number, head: Seq::ZERO, messages: 0, members: 0 };
    let as_made = Room {
        id,
        kind: room.kind,
        name: Some(room.name),
        details: room.details,
        created_by,
        created_at: at,
        archived_at: None,
        member_count: 0,
        head_seq: Seq::new(1),
    };
    let content = EventContent::RoomCreated(Box::new(as_made));
    append_change(
        tx,
        &mut counters,
        Change { room_id: id, at, actor: created_by, content, subject: None, members: 0 },
    )?;
    Ok(Some(counters))
}

fn create(tx: &mut Tx<'_, Event>, creation: Creation) -> Result<Created> {
    let Creation { id, owner, room, at, idempotency, max_rooms } = creation;
    let connection = tx.connection();
    if let Some(key) = &idempotency
        && let Some(earlier) = earlier_creation(connection, owner, key, at)?
    {
        return Ok(earlier);
    }
    if is_in_too_many(connection, owner, max_rooms)? {
        return Ok(Created::TooManyRooms);
    }
    let Some(profile) = profile_of(connection, owner)? else {
        return Err(rows::broken(0, "a user makes a room who was never welcomed"));
    };
    let Some(mut counters) = insert_room(tx, id, room, Some(owner), at)? else { return Ok(Created::NameTaken) };
    add_member(tx, &mut counters, id, &profile, Role::Owner, at)?;
    let connection = tx.connection();
    if let Some(key) = idempotency {
        remember_key(connection, owner, &key, counters.number, at)?;
    }
    Ok(Created::New(Box::new(room_by_number(connection, counters.number)?)))
}

fn earlier_creation(
    connection: &Connection,
    owner: UserId,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Option<Created>> {
    let earlier: Option<([u8; 32], i64)> = connection
        .prepare_cached("SELECT fingerprint, room FROM idempotency WHERE user = ?1 AND key = ?2 AND created_at > ?3")?
        .query_row(params![owner.as_bytes(), key.key, oldest_key(now)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((fingerprint, room)) = earlier else { return Ok(None) };
    if fingerprint != key.fingerprint {
        return Ok(Some(Created::KeyReused));
    }
    Ok(Some(Created::Repeated(Box::new(room_by_number(connection, room)?))))
}

fn oldest_key(now: Timestamp) -> i64 {
    now.as_millis() - i64::try_from(KEY_LIFETIME.as_millis()).unwrap_or(i64::MAX)
}

fn remember_key(connection: &Connection, owner: UserId, key: &IdempotencyKey, room: i64, now: Timestamp) -> Result<()> {
    connection.prepare_cached("DELETE FROM idempotency WHERE created_at <= ?1")?.execute([oldest_key(now)])?;
    connection
        .prepare_cached(
            "INSERT INTO idempotency (user, key, fingerprint, room, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![owner.as_bytes(), key.key, key.fingerprint, room, now.as_millis()])
        .map(drop)
}

fn find(connection: &Connection, asker: UserId, room: RoomId) -> Result<Option<(Room, Option<Membership>)>> {
    let sql = format!(
        "SELECT {}, m.role, m.joined_at, m.read_seq FROM rooms r JOIN room_counters c ON c.room = r.number \
         LEFT JOIN members m ON m.room = r.number AND m.user = ?2 \
         WHERE r.id = ?1 AND (r.kind = 0 OR m.user IS NOT NULL)",
        rows::ROOM_COLUMNS
    );
    connection
        .prepare_cached(&sql)?
        .query_row(params![room.as_bytes(), asker.as_bytes()], |row| {
            let is_member = row.get::<_, Option<i64>>(rows::ROOM_WIDTH)?.is_some();
            let membership = if is_member { Some(rows::membership(row, rows::ROOM_WIDTH)?) } else { None };
            Ok((rows::room(row, 0)?, membership))
        })
        .optional()
}

fn directory(
    connection: &Connection,
    query: Option<&str>,
    name: Option<&str>,
    after: Option<Place>,
    limit: u32,
) -> Result<RoomPage<Room>> {
    let after = after.unwrap_or(Place { major: i64::MAX, minor: i64::MIN });
    let sql = format!(
        "SELECT {}, r.number FROM rooms r JOIN room_counters c ON c.room = r.number \
         WHERE r.kind = 0 AND r.archived_at IS NULL \
           AND (?1 IS NULL OR begins_with(r.name, ?1) OR begins_with(r.title, ?1)) \
           AND (?2 IS NULL OR r.name = ?2) \
           AND (-c.member_count, r.number) > (-?3, ?4) \
         ORDER BY -c.member_count, r.number LIMIT ?5",
        rows::ROOM_COLUMNS
    );
    let mut found = connection.prepare_cached(&sql)?;
    let rows = found
        .query_map(params![query, name, after.major, after.minor, limit + 1], |row| {
            let room = rows::room(row, 0)?;
            let place = Place { major: rows::integer(room.member_count), minor: row.get(rows::ROOM_WIDTH)? };
            Ok((room, place))
        })?
        .collect::<Result<_>>()?;
    let (rows, next) = cut(rows, limit);
    Ok(RoomPage { items: rows.into_iter().map(|(room, _)| room).collect(), next })
}

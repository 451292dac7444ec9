//! Rooms and memberships in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use chat_entity::{Event, EventContent, Membership, Profile, Room, RoomDetails, RoomKind, RoomName, Seq};
use chat_usecase::port::{
    Access, Created, Creation, Join, Joined, Left, Marked, MemberOf, MyRoom, Place, RoomPage, RoomStanding, Rooms,
    Standings,
};
use database::postgres::{Connection, Done, QueryError, encode, violated_constraint};
use kernel::{RoomId, StoreError, Timestamp, UserId};

use super::members::{self, Leave, Mark};
use super::neighbours;
use super::rows::{self, Result};
use super::standings::{self, cut};
use super::store::PostgresStore;

/// How long an idempotency key is remembered.
const KEY_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Of two public rooms of one name, the constraint that the second one violates.
const PUBLIC_NAME: &str = "rooms_public_name";

/// Rooms and memberships in PostgreSQL.
#[derive(Clone)]
pub struct PostgresRooms {
    store: PostgresStore,
}

impl PostgresRooms {
    /// On this store.
    pub fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Rooms for PostgresRooms {
    async fn ensure_default(&self, id: RoomId, name: RoomName, at: Timestamp) -> Result<(), StoreError> {
        self.store
            .writers
            .change(*id.as_bytes(), (id, name, at), |connection, (id, name, at)| {
                Box::pin(ensure(connection, *id, name, *at))
            })
            .await
    }

    async fn create(&self, creation: Creation) -> Result<Created, StoreError> {
        let place = *creation.id.as_bytes();
        self.store.writers.change(place, creation, |connection, creation| Box::pin(create(connection, creation))).await
    }

    async fn join(&self, join: Join) -> Result<Joined, StoreError> {
        let place = *join.room.as_bytes();
        self.store.writers.change(place, join, |connection, join| Box::pin(members::join(connection, join))).await
    }

    async fn leave(&self, user: UserId, room: RoomId, at: Timestamp) -> Result<Left, StoreError> {
        let leave = Leave { user, room, at };
        self.store
            .writers
            .change(*room.as_bytes(), leave, |connection, leave| Box::pin(members::leave(connection, leave)))
            .await
    }

    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq) -> Result<Access<Marked>, StoreError> {
        let mark = Mark { user, room, seq };
        self.store
            .writers
            .change(*room.as_bytes(), mark, |connection, mark| Box::pin(members::mark_read(connection, mark)))
            .await
    }

    async fn find(&self, asker: UserId, room: RoomId) -> Result<Option<(Room, Option<Membership>)>, StoreError> {
        self.store.readers.read(async |connection| find(connection, asker, room).await).await
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
            .read(async |connection| directory(connection, query.as_deref(), name.as_deref(), after, limit).await)
            .await
    }

    async fn mine(&self, user: UserId, after: Option<Place>, limit: u32) -> Result<RoomPage<MyRoom>, StoreError> {
        self.store.readers.read(async |connection| standings::page(connection, user, after, limit).await).await
    }

    async fn standings(&self, user: UserId) -> Result<Standings, StoreError> {
        self.store.readers.read(async |connection| standings::all(connection, user).await).await
    }

    async fn memberships_moved(&self, known: Vec<(UserId, u64)>) -> Result<Vec<(UserId, u64)>, StoreError> {
        self.store.readers.read(async |connection| standings::moved(connection, &known).await).await
    }

    async fn standing(&self, user: UserId, room: RoomId) -> Result<Option<RoomStanding>, StoreError> {
        self.store.readers.read(async |connection| standings::one(connection, user, room).await).await
    }

    async fn members(
        &self,
        reader: UserId,
        room: RoomId,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Access<RoomPage<MemberOf>>, StoreError> {
        self.store.readers.read(async |connection| members::page(connection, reader, room, after, limit).await).await
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
            .read(async |connection| neighbours::in_room(connection, reader, room, &users, limit).await)
            .await
    }

    async fn neighbours_among(
        &self,
        reader: UserId,
        users: Vec<UserId>,
        limit: u32,
    ) -> Result<Vec<Profile>, StoreError> {
        self.store.readers.read(async |connection| neighbours::of(connection, reader, &users, limit).await).await
    }

    async fn rooms_of(&self, users: Vec<UserId>) -> Result<Vec<(UserId, RoomId)>, StoreError> {
        self.store.readers.read(async |connection| neighbours::rooms_of(connection, &users).await).await
    }
}

/// The first event of a room, and the JSON that the log keeps of it.
fn first_event(as_made: Room) -> Result<(Event, String)> {
    let stored = serde_json::to_string(&rows::StoredRoom::of(&as_made));
    let detail = stored.map_err(|_| rows::broken("a room that cannot be written"))?;
    let (room_id, at, actor) = (as_made.id, as_made.created_at, as_made.created_by);
    let content = EventContent::RoomCreated(Box::new(as_made));
    Ok((Event { room_id, seq: Seq::new(1), at, actor, content }, detail))
}

async fn ensure(connection: &Connection, id: RoomId, name: &RoomName, at: Timestamp) -> Result<Done<(), Event>> {
    let as_made = Room {
        id,
        kind: RoomKind::Public,
        name: Some(name.clone()),
        details: RoomDetails::default(),
        created_by: None,
        created_at: at,
        archived_at: None,
        member_count: 0,
        head_seq: Seq::new(1),
    };
    let (event, detail) = first_event(as_made)?;
    let statement = connection.prepare_cached("SELECT chat.ensure_room($1, $2, $3, $4, $5)").await?;
    let key = name.as_str().to_lowercase();
    let made = connection.query_one(&statement, &[&id.as_uuid(), &name.as_str(), &key, &detail, &at.as_millis()]).await;
    let was_made = match made {
        Ok(row) => rows::get(&row, 0)?,
        // Another node made it in this moment.
        Err(error) if violated_constraint(&error) == Some(PUBLIC_NAME) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(Done { answer: (), events: if was_made { vec![event] } else { Vec::new() } })
}

const CREATE: &str = "SELECT outcome, (profile).id, (profile).username, (profile).display_name, (profile).avatar_url, \
            (room).* \
     FROM chat.create_room($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

async fn create(connection: &Connection, creation: &Creation) -> Result<Done<Created, Event>> {
    let Creation { id, owner, room, at, idempotency, max_rooms } = creation;
    let as_made = Room {
        id: *id,
        kind: room.kind,
        name: Some(room.name.clone()),
        details: room.details.clone(),
        created_by: Some(*owner),
        created_at: *at,
        archived_at: None,
        member_count: 0,
        head_seq: Seq::new(1),
    };
    let (event, detail) = first_event(as_made)?;
    let metadata = serde_json::Value::Object(room.details.metadata.clone()).to_string();
    let (title, topic) = (room.details.title.as_deref(), room.details.topic.as_deref());
    let title_key = title.map(str::to_lowercase);
    let statement = connection.prepare_cached(CREATE).await?;
    let made = connection
        .query_one(
            &statement,
            &[
                &id.as_uuid(),
                &rows::kind_number(room.kind),
                &room.name.as_str(),
                &room.name.as_str().to_lowercase(),
                &title.map(encode),
                &title_key.as_deref().map(encode),
                &topic.map(encode),
                &metadata,
                &detail,
                &owner.as_uuid(),
                &at.as_millis(),
                &i64::from(*max_rooms),
                &idempotency.as_ref().map(|key| key.key.as_str()),
                &idempotency.as_ref().map(|key| key.fingerprint.as_slice()),
                &oldest_key(*at),
            ],
        )
        .await;
    let row = match made {
        Ok(row) => row,
        Err(error) if violated_constraint(&error) == Some(PUBLIC_NAME) => {
            return Ok(Done { answer: Created::NameTaken, events: Vec::new() });
        }
        Err(error) => return Err(QueryError::from(error)),
    };
    let mut events = Vec::new();
    let answer = match rows::get::<i32>(&row, 0)? {
        0 => {
            let content = EventContent::MemberJoined(rows::profile(&row, 1)?);
            let seq = event.seq.next();
            events = vec![event, Event { room_id: *id, seq, at: *at, actor: Some(*owner), content }];
            Created::New(Box::new(rows::room(&row, 5)?))
        }
        1 => Created::Repeated(Box::new(rows::room(&row, 5)?)),
        2 => Created::KeyReused,
        3 => Created::TooManyRooms,
        _ => return Err(rows::broken("what became of a new room")),
    };
    Ok(Done { answer, events })
}

fn oldest_key(now: Timestamp) -> i64 {
    now.as_millis() - i64::try_from(KEY_LIFETIME.as_millis()).unwrap_or(i64::MAX)
}

async fn find(connection: &Connection, asker: UserId, room: RoomId) -> Result<Option<(Room, Option<Membership>)>> {
    let sql = format!(
        "SELECT {}, m.role, m.joined_at, m.read_seq \
         FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number \
         LEFT JOIN chat.members m ON m.room = r.number AND m.\"user\" = $2 \
         WHERE r.id = $1 AND (r.kind = 0 OR m.\"user\" IS NOT NULL)",
        rows::ROOM_COLUMNS
    );
    let statement = connection.prepare_cached(&sql).await?;
    let Some(row) = connection.query_opt(&statement, &[&room.as_uuid(), &asker.as_uuid()]).await? else {
        return Ok(None);
    };
    let is_member = rows::get::<Option<i16>>(&row, rows::ROOM_WIDTH)?.is_some();
    let membership = is_member.then(|| rows::membership(&row, rows::ROOM_WIDTH)).transpose()?;
    Ok(Some((rows::room(&row, 0)?, membership)))
}

async fn directory(
    connection: &Connection,
    query: Option<&str>,
    name: Option<&str>,
    after: Option<Place>,
    limit: u32,
) -> Result<RoomPage<Room>> {
    let after = after.unwrap_or(Place { major: i64::MAX, minor: i64::MIN });
    // The list goes down, and the least number of all has no opposite; no room has so few members.
    let major = after.major.max(-i64::MAX);
    // A condition that is not asked for is not there, or the index of names could not be used for one that is. The keys
    // were put into lower case by the program: databases disagree about what that is. `starts_with` knows no wildcards.
    let by_query = match query {
        Some(_) => "starts_with(r.name_key, $1) OR starts_with(r.title_key, $1)",
        None => "$1::text IS NULL",
    };
    let by_name = if name.is_some() { "r.name = $2" } else { "$2::text IS NULL" };
    let sql = format!(
        "SELECT {} FROM chat.rooms r JOIN chat.room_counters c ON c.room = r.number \
         WHERE r.kind = 0 AND r.archived_at IS NULL AND ({by_query}) AND ({by_name}) \
           AND (-c.member_count, r.number) > (-$3::bigint, $4) \
         ORDER BY -c.member_count, r.number LIMIT $5",
        rows::ROOM_COLUMNS
    );
    let statement = connection.prepare_cached(&sql).await?;
    let query = query.map(str::to_lowercase);
    let found = connection
        .query(
            &statement,
            &[&query.as_deref().map(encode), &name.map(encode), &major, &after.minor, &(i64::from(limit) + 1)],
        )
        .await?;
    let read = |row| {
        let room = rows::room(row, 0)?;
        let place = Place { major: rows::integer(room.member_count), minor: rows::get(row, rows::ROOM_WIDTH - 1)? };
        Ok((room, place))
    };
    let (rooms, next) = cut(found.iter().map(read).collect::<Result<_>>()?, limit);
    Ok(RoomPage { items: rooms.into_iter().map(|(room, _)| room).collect(), next })
}

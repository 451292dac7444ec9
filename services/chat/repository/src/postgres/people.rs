//! Those whom chat has met, in PostgreSQL.

use async_trait::async_trait;
use chat_entity::{Event, EventContent, Profile, RoomName};
use chat_usecase::port::{People, Welcomed};
use database::postgres::{Connection, Done, encode};
use kernel::{StoreError, Timestamp, UserId};
use uuid::Uuid;

use super::rows::{self, Result};
use super::store::PostgresStore;

/// Those whom chat has met, in PostgreSQL.
#[derive(Clone)]
pub struct PostgresPeople {
    store: PostgresStore,
}

impl PostgresPeople {
    /// On this store.
    pub fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

/// A profile of a version, and what comes with it.
struct Newcomer {
    profile: Profile,
    version: u64,
    default_rooms: Vec<RoomName>,
    at: Timestamp,
}

#[async_trait]
impl People for PostgresPeople {
    async fn find(&self, user: UserId) -> Result<Option<Profile>, StoreError> {
        self.store
            .readers
            .read(async |connection| {
                let sql = "SELECT id, username, display_name, avatar_url FROM chat.users WHERE id = $1";
                let statement = connection.prepare_cached(sql).await?;
                let found = connection.query_opt(&statement, &[&user.as_uuid()]).await?;
                found.map(|row| rows::profile(&row, 0)).transpose()
            })
            .await
    }

    async fn welcome(
        &self,
        profile: Profile,
        version: u64,
        default_rooms: Vec<RoomName>,
        at: Timestamp,
    ) -> Result<Welcomed, StoreError> {
        let place = *profile.id.as_bytes();
        let newcomer = Newcomer { profile, version, default_rooms, at };
        self.store.writers.change(place, newcomer, |connection, newcomer| Box::pin(welcome(connection, newcomer))).await
    }

    async fn update(&self, profile: Profile, version: u64) -> Result<bool, StoreError> {
        let place = *profile.id.as_bytes();
        self.store
            .writers
            .change(place, (profile, version), |connection, (profile, version)| {
                Box::pin(update(connection, profile, *version))
            })
            .await
    }
}

async fn welcome(connection: &Connection, newcomer: &Newcomer) -> Result<Done<Welcomed, Event>> {
    let Newcomer { profile, version, default_rooms, at } = newcomer;
    let names: Vec<&str> = default_rooms.iter().map(RoomName::as_str).collect();
    let statement =
        connection.prepare_cached("SELECT is_new, room, seq FROM chat.welcome($1, $2, $3, $4, $5, $6, $7, $8)").await?;
    let found = connection
        .query(
            &statement,
            &[
                &profile.id.as_uuid(),
                &encode(&profile.username),
                &encode(&profile.username.to_lowercase()),
                &encode(&profile.display_name),
                &profile.avatar_url.as_deref().map(encode),
                &rows::integer(*version),
                &names,
                &at.as_millis(),
            ],
        )
        .await?;
    let is_new = found.iter().map(|row| rows::get::<bool>(row, 0)).collect::<Result<Vec<_>>>()?.contains(&true);
    let mut events = Vec::new();
    for row in &found {
        if let Some(room) = rows::get::<Option<Uuid>>(row, 1)? {
            let content = EventContent::MemberJoined(profile.clone());
            let seq = rows::seq(row, 2)?;
            events.push(Event { room_id: room.into(), seq, at: *at, actor: Some(profile.id), content });
        }
    }
    Ok(Done { answer: if is_new { Welcomed::New } else { Welcomed::Known }, events })
}

async fn update(connection: &Connection, profile: &Profile, version: u64) -> Result<Done<bool, Event>> {
    let statement = connection
        .prepare_cached(
            "UPDATE chat.users SET username = $2, username_key = $3, display_name = $4, avatar_url = $5, \
                                   profile_version = $6 \
             WHERE id = $1 AND profile_version < $6",
        )
        .await?;
    let updated = connection
        .execute(
            &statement,
            &[
                &profile.id.as_uuid(),
                &encode(&profile.username),
                &encode(&profile.username.to_lowercase()),
                &encode(&profile.display_name),
                &profile.avatar_url.as_deref().map(encode),
                &rows::integer(version),
            ],
        )
        .await?;
    Ok(Done { answer: updated > 0, events: Vec::new() })
}

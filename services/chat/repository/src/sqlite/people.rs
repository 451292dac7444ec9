//! Those whom chat has met, in SQLite.

use async_trait::async_trait;
use chat_entity::{Profile, Role, RoomName};
use chat_usecase::port::{People, Welcomed};
use kernel::{RoomId, StoreError, Timestamp, UserId};
use rusqlite::{OptionalExtension, params};

use super::members::{add_member, counters, profile_of};
use super::rows;
use super::store::SqliteStore;

/// Those whom chat has met, in SQLite.
#[derive(Clone)]
pub struct SqlitePeople {
    store: SqliteStore,
}

impl SqlitePeople {
    /// On this store.
    pub fn new(store: SqliteStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl People for SqlitePeople {
    async fn find(&self, user: UserId) -> Result<Option<Profile>, StoreError> {
        self.store.readers.read(move |connection| profile_of(connection, user)).await
    }

    async fn welcome(
        &self,
        profile: Profile,
        version: u64,
        default_rooms: Vec<RoomName>,
        at: Timestamp,
    ) -> Result<Welcomed, StoreError> {
        self.store
            .writer
            .write(move |tx| {
                let inserted = tx
                    .connection()
                    .prepare_cached(
                        "INSERT INTO users (id, username, username_key, display_name, avatar_url, profile_version, \
                                            known_since) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO NOTHING",
                    )?
                    .execute(params![
                        profile.id.as_bytes(),
                        profile.username,
                        profile.username.to_lowercase(),
                        profile.display_name,
                        profile.avatar_url,
                        rows::integer(version),
                        at.as_millis(),
                    ])?;
                if inserted == 0 {
                    return Ok(Welcomed::Known);
                }
                for (place, name) in default_rooms.iter().enumerate() {
                    if default_rooms[..place].contains(name) {
                        continue;
                    }
                    let room: Option<(i64, [u8; 16])> = tx
                        .connection()
                        .prepare_cached(
                            "SELECT number, id FROM rooms WHERE name = ?1 AND kind = 0 AND archived_at IS NULL",
                        )?
                        .query_row([name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()?;
                    if let Some((number, id)) = room {
                        let mut counters = counters(tx.connection(), number)?;
                        add_member(tx, &mut counters, RoomId::from_bytes(id), &profile, Role::Member, at)?;
                    }
                }
                Ok(Welcomed::New)
            })
            .await
    }

    async fn update(&self, profile: Profile, version: u64) -> Result<bool, StoreError> {
        self.store
            .writer
            .write(move |tx| {
                tx.connection()
                    .prepare_cached(
                        "UPDATE users SET username = ?2, username_key = ?3, display_name = ?4, avatar_url = ?5, \
                                          profile_version = ?6 \
                         WHERE id = ?1 AND profile_version < ?6",
                    )?
                    .execute(params![
                        profile.id.as_bytes(),
                        profile.username,
                        profile.username.to_lowercase(),
                        profile.display_name,
                        profile.avatar_url,
                        rows::integer(version),
                    ])
                    .map(|updated| updated > 0)
            })
            .await
    }
}

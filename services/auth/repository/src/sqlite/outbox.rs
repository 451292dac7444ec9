//! The outbox in SQLite: written by the transactions of other stores.

use async_trait::async_trait;
use auth_usecase::ports::{Message, Outbox, Waiting};
use database::sqlite::{Readers, Writer};
use kernel::{StoreError, Timestamp};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

/// The table `outbox`.
#[derive(Clone)]
pub struct SqliteOutbox {
    writer: Writer<()>,
    readers: Readers,
}

impl SqliteOutbox {
    /// On a database that is migrated.
    pub fn new(writer: Writer<()>, readers: Readers) -> Self {
        Self { writer, readers }
    }
}

#[async_trait]
impl Outbox for SqliteOutbox {
    async fn next(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        self.readers
            .read(move |connection| {
                let sql = "SELECT id, message_id, subject, payload FROM outbox ORDER BY id LIMIT ?1";
                connection.prepare_cached(sql)?.query_map([limit], waiting)?.collect()
            })
            .await
    }

    async fn sent(&self, places: &[i64]) -> Result<(), StoreError> {
        let places: Vec<String> = places.iter().map(i64::to_string).collect();
        let places = format!("[{}]", places.join(","));
        self.writer
            .write(move |tx| {
                let sql = "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?1))";
                tx.connection().prepare_cached(sql)?.execute([places]).map(drop)
            })
            .await
    }

    async fn waiting(&self, most: u32) -> Result<u32, StoreError> {
        self.readers
            .read(move |connection| {
                let sql = "SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT ?1)";
                connection.prepare_cached(sql)?.query_row([most], |row| row.get(0))
            })
            .await
    }
}

/// Adds a message, in the transaction of the change that it tells of.
pub(super) fn add(connection: &Connection, message: &Message, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "INSERT INTO outbox (message_id, subject, payload, created_at) VALUES (?1, ?2, ?3, ?4)";
    let values = params![message.id.as_bytes(), message.topic, message.payload, now.as_millis()];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    let message = Message { id: Uuid::from_bytes(row.get(1)?), topic: row.get(2)?, payload: row.get(3)? };
    Ok(Waiting { place: row.get(0)?, message })
}

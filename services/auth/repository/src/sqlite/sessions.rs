//! Sessions in SQLite.

use async_trait::async_trait;
use auth_entity::{GRACE, Rotation, Session, User, rotation};
use auth_usecase::ports::{EndOutcome, KnownSession, RotateOutcome, Sessions};
use database::sqlite::{Readers, Writer};
use kernel::{SessionId, StoreError, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns;

/// The table `sessions`.
#[derive(Clone)]
pub struct SqliteSessions {
    writer: Writer<()>,
    readers: Readers,
}

impl SqliteSessions {
    /// On a database that is migrated.
    pub fn new(writer: Writer<()>, readers: Readers) -> Self {
        Self { writer, readers }
    }
}

#[async_trait]
impl Sessions for SqliteSessions {
    async fn open(&self, session: &Session) -> Result<(), StoreError> {
        let session = session.clone();
        self.writer.write(move |tx| open(tx.connection(), &session)).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<KnownSession>, StoreError> {
        self.readers
            .read(move |connection| {
                let sql = format!("{} WHERE sessions.id = ?1", select_known());
                connection.prepare_cached(&sql)?.query_row([id.as_bytes()], known).optional()
            })
            .await
    }

    async fn find_many(&self, ids: &[SessionId]) -> Result<Vec<KnownSession>, StoreError> {
        // One text parameter, whatever the number: SQLite takes 32,766 parameters at most.
        let ids: Vec<String> = ids.iter().map(|id| format!("\"{}\"", id.as_uuid().simple())).collect();
        let ids = format!("[{}]", ids.join(","));
        self.readers
            .read(move |connection| {
                let sql = format!("{} WHERE sessions.id IN (SELECT unhex(value) FROM json_each(?1))", select_known());
                connection.prepare_cached(&sql)?.query_map([ids], known)?.collect()
            })
            .await
    }

    async fn rotate(&self, id: SessionId, presented: u32, now: Timestamp) -> Result<RotateOutcome, StoreError> {
        self.writer.write(move |tx| rotate(tx.connection(), id, presented, now)).await
    }

    async fn end(&self, id: SessionId, now: Timestamp) -> Result<EndOutcome, StoreError> {
        self.writer.write(move |tx| end(tx.connection(), id, now)).await
    }
}

fn select_known() -> String {
    format!(
        "SELECT {}, users.disabled_at IS NOT NULL FROM sessions JOIN users ON users.id = sessions.user_id",
        columns::SESSION
    )
}

fn known(row: &Row<'_>) -> rusqlite::Result<KnownSession> {
    Ok(KnownSession { session: columns::session(row)?, account_disabled: row.get(columns::SESSION_LEN)? })
}

fn open(connection: &Connection, session: &Session) -> rusqlite::Result<()> {
    let sql = "INSERT INTO sessions (id, user_id, device, address, created_at, last_seen_at, refresh_generation, \
               rotated_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        session.id.as_bytes(),
        session.user_id.as_bytes(),
        session.device.as_ref().map(auth_entity::Device::as_str),
        session.address.to_string(),
        session.created_at.as_millis(),
        session.last_seen_at.as_millis(),
        session.refresh_generation,
        session.rotated_at.map(Timestamp::as_millis),
        session.ended_at.map(Timestamp::as_millis),
    ])?;
    Ok(())
}

/// Reads, judges and writes within the one transaction that writes, so that nobody comes between.
fn rotate(connection: &Connection, id: SessionId, presented: u32, now: Timestamp) -> rusqlite::Result<RotateOutcome> {
    let Some((session, user)) = with_user(connection, id)? else {
        return Ok(RotateOutcome::Foreign);
    };
    if !session.is_live(now) {
        return Ok(RotateOutcome::Over);
    }
    if user.disabled_at.is_some() {
        return Ok(RotateOutcome::AccountDisabled);
    }
    match rotation(presented, session.refresh_generation, session.rotated_at, now, GRACE) {
        Rotation::Rotate => {
            let session = session.rotated(now);
            let sql = "UPDATE sessions SET refresh_generation = ?2, rotated_at = ?3, last_seen_at = ?4 WHERE id = ?1";
            connection.prepare_cached(sql)?.execute(params![
                id.as_bytes(),
                session.refresh_generation,
                session.rotated_at.map(Timestamp::as_millis),
                session.last_seen_at.as_millis(),
            ])?;
            Ok(RotateOutcome::Rotated(Box::new((session, user))))
        }
        Rotation::SameSuccessor => Ok(RotateOutcome::SameSuccessor(Box::new((session, user)))),
        Rotation::Reused => {
            end(connection, id, now)?;
            Ok(RotateOutcome::Reused)
        }
        Rotation::Foreign => Ok(RotateOutcome::Foreign),
    }
}

fn with_user(connection: &Connection, id: SessionId) -> rusqlite::Result<Option<(Session, User)>> {
    let sql = format!(
        "SELECT {}, {} FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1",
        columns::SESSION,
        columns::USER
    );
    let both = |row: &Row<'_>| Ok((columns::session(row)?, columns::user(row, columns::SESSION_LEN)?));
    connection.prepare_cached(&sql)?.query_row([id.as_bytes()], both).optional()
}

fn end(connection: &Connection, id: SessionId, now: Timestamp) -> rusqlite::Result<EndOutcome> {
    let sql = "UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL";
    let ended = connection.prepare_cached(sql)?.execute(params![id.as_bytes(), now.as_millis()])?;
    Ok(if ended == 1 { EndOutcome::Ended } else { EndOutcome::AlreadyOver })
}

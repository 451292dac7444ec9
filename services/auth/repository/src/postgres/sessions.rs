//! Sessions in PostgreSQL.

use async_trait::async_trait;
use auth_entity::{Device, GRACE, Rotation, Session, User, rotation};
use auth_usecase::ports::{EndOutcome, KnownSession, RotateOutcome, Sessions};
use database::postgres::QueryError;
use kernel::{SessionId, StoreError, Timestamp};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::PostgresStore;
use super::columns;

/// How often a rotation looks again after somebody else has changed the session. Whoever loses to a rotation of the same
/// generation has its answer at the second look; more are for a session that many use in turn.
const LOOKS: u32 = 8;

/// The table `sessions`.
#[derive(Clone)]
pub struct PostgresSessions {
    store: PostgresStore,
}

impl PostgresSessions {
    /// On this store.
    pub fn new(store: PostgresStore) -> Self {
        Self { store }
    }

    async fn with_user(&self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        let sql = format!(
            "SELECT {}, {} FROM auth.sessions JOIN auth.users ON users.id = sessions.user_id WHERE sessions.id = $1",
            columns::SESSION,
            columns::USER
        );
        self.store
            .pool
            .read(async |connection| {
                let statement = connection.prepare_cached(&sql).await?;
                let row = connection.query_opt(&statement, &[&id.as_uuid()]).await?;
                row.map(|row| Ok((columns::session(&row)?, columns::user(&row, columns::SESSION_LEN)?))).transpose()
            })
            .await
    }

    /// Writes the next generation, unless somebody else has written it or ended the session since `seen` was seen.
    async fn advance(&self, seen: &Session, rotated: &Session) -> Result<bool, StoreError> {
        let sql = "UPDATE auth.sessions SET refresh_generation = $3, rotated_at = $4, last_seen_at = $5 \
                   WHERE id = $1 AND refresh_generation = $2 AND ended_at IS NULL";
        let values: &[&(dyn ToSql + Sync)] = &[
            &seen.id.as_uuid(),
            &i64::from(seen.refresh_generation),
            &i64::from(rotated.refresh_generation),
            &columns::millis(rotated.rotated_at),
            &rotated.last_seen_at.as_millis(),
        ];
        self.change(sql, values).await
    }

    /// Runs one statement that changes one row or none.
    async fn change(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<bool, StoreError> {
        self.store
            .pool
            .write(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                Ok(connection.execute(&statement, values).await? == 1)
            })
            .await
    }
}

#[async_trait]
impl Sessions for PostgresSessions {
    async fn open(&self, session: &Session) -> Result<(), StoreError> {
        let sql = "INSERT INTO auth.sessions (id, user_id, device, address, created_at, last_seen_at, refresh_generation, \
                   rotated_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values: &[&(dyn ToSql + Sync)] = &[
            &session.id.as_uuid(),
            &session.user_id.as_uuid(),
            &session.device.as_ref().map(Device::as_str),
            &session.address.to_string(),
            &session.created_at.as_millis(),
            &session.last_seen_at.as_millis(),
            &i64::from(session.refresh_generation),
            &columns::millis(session.rotated_at),
            &columns::millis(session.ended_at),
        ];
        self.change(sql, values).await.map(drop)
    }

    async fn find(&self, id: SessionId) -> Result<Option<KnownSession>, StoreError> {
        Ok(self.find_many(&[id]).await?.pop())
    }

    async fn find_many(&self, ids: &[SessionId]) -> Result<Vec<KnownSession>, StoreError> {
        let sql = format!(
            "SELECT {}, users.disabled_at IS NOT NULL FROM auth.sessions JOIN auth.users ON users.id = sessions.user_id \
             WHERE sessions.id = ANY ($1)",
            columns::SESSION
        );
        let ids: Vec<Uuid> = ids.iter().map(SessionId::as_uuid).collect();
        self.store
            .pool
            .read(async |connection| {
                let statement = connection.prepare_cached(&sql).await?;
                connection.query(&statement, &[&ids]).await?.iter().map(known).collect()
            })
            .await
    }

    /// Looks, judges, and writes if nobody else has written in between; else it looks again.
    async fn rotate(&self, id: SessionId, presented: u32, now: Timestamp) -> Result<RotateOutcome, StoreError> {
        for _ in 0..LOOKS {
            let Some((session, user)) = self.with_user(id).await? else {
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
                    let rotated = session.clone().rotated(now);
                    if self.advance(&session, &rotated).await? {
                        return Ok(RotateOutcome::Rotated(Box::new((rotated, user))));
                    }
                }
                Rotation::SameSuccessor => return Ok(RotateOutcome::SameSuccessor(Box::new((session, user)))),
                Rotation::Reused => {
                    if self.end(id, now).await? == EndOutcome::Ended {
                        return Ok(RotateOutcome::Reused);
                    }
                }
                Rotation::Foreign => return Ok(RotateOutcome::Foreign),
            }
        }
        Err(StoreError::Unavailable("the session is being changed by too many at once".into()))
    }

    async fn end(&self, id: SessionId, now: Timestamp) -> Result<EndOutcome, StoreError> {
        let sql = "UPDATE auth.sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        let ended = self.change(sql, &[&id.as_uuid(), &now.as_millis()]).await?;
        Ok(if ended { EndOutcome::Ended } else { EndOutcome::AlreadyOver })
    }
}

fn known(row: &Row) -> Result<KnownSession, QueryError> {
    Ok(KnownSession { session: columns::session(row)?, account_disabled: row.try_get(columns::SESSION_LEN)? })
}

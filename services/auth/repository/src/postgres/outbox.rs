//! The outbox in PostgreSQL: written by the statements of other stores.

use async_trait::async_trait;
use auth_usecase::ports::{Message, Outbox, Waiting};
use kernel::StoreError;

use super::PostgresStore;

/// The table `outbox`.
#[derive(Clone)]
pub struct PostgresOutbox {
    store: PostgresStore,
}

impl PostgresOutbox {
    /// On this store.
    pub fn new(store: PostgresStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Outbox for PostgresOutbox {
    async fn next(&self, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        // From the first one on each time: ids become visible out of their order, and a lower one may come later.
        let sql = "SELECT id, message_id, subject, payload FROM auth.outbox ORDER BY id LIMIT $1";
        self.store
            .pool
            .read(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                let rows = connection.query(&statement, &[&i64::from(limit)]).await?;
                rows.iter()
                    .map(|row| {
                        let message = Message { id: row.try_get(1)?, topic: row.try_get(2)?, payload: row.try_get(3)? };
                        Ok(Waiting { place: row.try_get(0)?, message })
                    })
                    .collect()
            })
            .await
    }

    async fn sent(&self, places: &[i64]) -> Result<(), StoreError> {
        let sql = "DELETE FROM auth.outbox WHERE id = ANY ($1)";
        self.store
            .pool
            .write(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                connection.execute(&statement, &[&places]).await?;
                Ok(())
            })
            .await
    }

    async fn waiting(&self, most: u32) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM auth.outbox LIMIT $1) AS counted";
        self.store
            .pool
            .read(async |connection| {
                let statement = connection.prepare_cached(sql).await?;
                let counted: i64 = connection.query_one(&statement, &[&i64::from(most)]).await?.try_get(0)?;
                Ok(u32::try_from(counted).unwrap_or(most))
            })
            .await
    }
}

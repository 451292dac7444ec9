//! The connections that the stores share.

use database::postgres::{Pool, PostgresSettings, SettingsError};
use kernel::StoreError;

/// What PostgreSQL's list of connections shows.
const APPLICATION: &str = "natter-auth";

/// A pool of connections to the database of the schema `auth`. Clones share it.
#[derive(Clone)]
pub struct PostgresStore {
    pub(super) pool: Pool,
}

impl PostgresStore {
    /// On a database that is migrated, or will be before it is used; nothing is opened before it is needed.
    pub fn connect(settings: &PostgresSettings) -> Result<Self, SettingsError> {
        let server = settings.primary(APPLICATION)?;
        Ok(Self { pool: Pool::new(&server, settings.pool_size, settings.pool_queue) })
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.pool.ping().await
    }
}

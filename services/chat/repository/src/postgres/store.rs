//! The connections that the PostgreSQL stores share.

use std::error::Error;

use chat_entity::Event;
use database::postgres::{Pool, PostgresSettings, Sink, Writers};
use kernel::StoreError;

use super::append::{Messages, PLANNING};
use super::replica::Replica;

/// What the server shows of us in its list of connections.
const APPLICATION: &str = "natter-chat";

/// One database: the writers, those who read, and the copy for old history.
#[derive(Clone)]
pub struct PostgresStore {
    pub(super) writers: Writers<Messages>,
    pub(super) readers: Pool,
    pub(super) replica: Option<Replica>,
}

impl PostgresStore {
    /// Connects to a database whose schema is current, and starts the writers on the current runtime. `committed` gets the
    /// events of each commit: those that were asked for by a room's id in the order of its log.
    ///
    /// # Errors
    /// When the settings do not say where the database is, or nobody answers there. The replica may be away.
    pub async fn connect(
        settings: &PostgresSettings,
        committed: Sink<Event>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let primary = settings.primary(APPLICATION)?;
        let replica = Replica::of(settings, APPLICATION)?;
        let readers = Pool::new(&primary, settings.pool_size, settings.pool_queue);
        readers.ping().await?;
        let primary = primary.with_options(PLANNING);
        let writers = Writers::start(&primary, settings.writers(), settings.writer_queue, &committed);
        Ok(Self { writers, readers, replica })
    }

    /// Whether the writers and the readers have connections that work.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writers.ping().await?;
        self.readers.ping().await
    }
}

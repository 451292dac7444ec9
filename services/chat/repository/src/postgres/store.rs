//! The connections that the PostgreSQL stores share.

use std::error::Error;

use chat_entity::Event;
use database::postgres::{Pool, PostgresSettings, Sink, Writers};
use kernel::StoreError;

use super::append::Messages;
use super::replica::Replica;

/// What the server shows of us in its list of connections.
const APPLICATION: &str = "natter-chat";

/// Settings of all connections. A statement is planned once for each of them: left to itself, PostgreSQL takes a read of the log
/// for one whose plan is worth making anew each time, as there are 16 partitions to choose from, and planning was four fifths
/// of a page's cost. The plan is made perhaps while the tables are empty, and must be right at any size: these leave it no way
/// but one row after the other through an index. As settings of the functions that append they would be set and set back for
/// each call.
pub(super) const PLANNING: &str = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off \
                                   -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

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
        let primary = settings.primary(APPLICATION)?.with_options(PLANNING);
        let replica = Replica::of(settings, APPLICATION)?;
        let readers = Pool::new(&primary, settings.pool_size, settings.pool_queue);
        readers.ping().await?;
        let writers = Writers::start(&primary, settings.writers(), settings.writer_queue, &committed);
        Ok(Self { writers, readers, replica })
    }

    /// Whether the writers and the readers have connections that work.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writers.ping().await?;
        self.readers.ping().await
    }
}

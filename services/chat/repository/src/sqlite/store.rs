//! The threads that the SQLite stores share.

use std::error::Error;
use std::path::Path;

use chat_entity::Event;
use database::sqlite::{Readers, Sink, Writer, WriterSettings, open_writer};
use kernel::StoreError;

/// One database file: the writer, and the readers.
#[derive(Clone)]
pub struct SqliteStore {
    pub(super) writer: Writer<Event>,
    pub(super) readers: Readers,
}

impl SqliteStore {
    /// Starts the threads on a database whose schema is current. `committed` gets the events of each commit, in the
    /// order of the log, from the writer's thread.
    pub fn open(path: &Path, readers: usize, committed: Sink<Event>) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let connection = open_writer(path)?;
        let writer = Writer::start("chat", connection, WriterSettings::default(), committed)?;
        Ok(Self { writer, readers: Readers::start("chat", path, readers)? })
    }

    /// Whether the writer takes and finishes work.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.writer.write(|_| Ok(())).await
    }
}

//! The reader threads: each with a connection of its own, fed from one bounded queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use crossbeam_channel::{Sender, TrySendError, bounded};
use kernel::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

/// Reads that may wait for a thread; one more is told [`StoreError::Overloaded`] at once.
const QUEUE: usize = 4_096;

/// Hands reads to a few threads. A read sees every write that was answered before it was asked for.
#[derive(Clone)]
pub struct Readers {
    queries: Sender<Query>,
}

type Query = Box<dyn FnOnce(&Connection) + Send>;

impl Readers {
    /// Opens `count` connections (at least one) to the database at `path` and starts their threads, which end when
    /// the last `Readers` is dropped.
    pub fn start(name: &str, path: &Path, count: usize) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let (queries, queue) = bounded::<Query>(QUEUE);
        for number in 0..count.max(1) {
            let connection = super::open_reader(path)?;
            let queue = queue.clone();
            thread::Builder::new().name(format!("{name}-reader-{number}")).spawn(move || {
                for query in queue {
                    // The caller of a query that panics hears of it; the thread goes on to the next. What the query
                    // had open on the connection, statement or transaction, was closed on its way out.
                    let _ = catch_unwind(AssertUnwindSafe(|| query(&connection)));
                }
            })?;
        }
        Ok(Self { queries })
    }

    /// Runs a read. Statements within one call may see different states unless the read opens a transaction.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let query = Box::new(move |connection: &Connection| {
            // A caller that has gone needs no answer, and under load its query is the one to skip.
            if !reply.is_closed() {
                let _ = reply.send(query(connection));
            }
        });
        self.queries.try_send(query).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Disconnected(_) => StoreError::Unavailable("the reader threads have ended".into()),
        })?;
        match answer.await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(StoreError::Unavailable(error.into())),
            Err(_) => Err(StoreError::Unavailable("a read panicked".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_its_caller_an_answer_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        super::super::open_writer(&path).unwrap();
        let readers = Readers::start("test", &path, 1).unwrap();
        for _ in 0..2 {
            let broken = readers.read(|connection| -> rusqlite::Result<()> {
                let _snapshot = connection.unchecked_transaction()?;
                panic!("on purpose")
            });
            assert!(matches!(broken.await, Err(StoreError::Unavailable(_))));
            let found = readers.read(|connection| {
                connection.unchecked_transaction()?.query_row("SELECT 7", [], |row| row.get::<_, i64>(0))
            });
            assert_eq!(found.await.unwrap(), 7);
        }
    }
}

//! The writers: a few tasks, each with a connection, that keep the order of what must stay in order and commit together
//! what waits together.

mod gather;
mod job;
mod shard;
mod tempo;

use std::hash::Hash;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use kernel::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::failure::QueryError;
use super::server::{Connection, Server};
use job::{Alone, Job, Waiting};
use shard::Shard;

/// What a change answers, and what it wants to have told once it is committed.
#[derive(Debug)]
pub struct Done<T, E> {
    /// The answer.
    pub answer: T,
    /// What goes to the sink, in order.
    pub events: Vec<E>,
}

/// Takes what committed changes have to tell. It runs on a writer's task, for several of them at once, and MUST NOT
/// block.
pub type Sink<E> = Arc<dyn Fn(Vec<E>) + Send + Sync>;

/// Changes of one kind, many of which one statement makes together.
#[async_trait]
pub trait Append: 'static {
    /// One of them.
    type Entry: Send + Sync + 'static;
    /// What becomes of it.
    type Outcome: Send + 'static;
    /// What is told of it.
    type Event: Send + 'static;
    /// What no two entries of a statement may share; the second one begins the next statement.
    type Key: Hash + Eq + Send;

    /// The key of an entry.
    fn key(entry: &Self::Entry) -> Self::Key;

    /// Makes the changes in ONE statement that commits by itself, and gives an outcome for each entry, in order. It may be
    /// called again with the same entries when nothing was done.
    async fn append(
        connection: &Connection,
        entries: &[Self::Entry],
    ) -> Result<Done<Vec<Self::Outcome>, Self::Event>, QueryError>;
}

/// Hands changes to the writers. Those of one key take effect in the order in which they were handed over, and a call
/// returns when its change is durable. What committed changes have to tell goes to the sink before they are answered.
pub struct Writers<A: Append> {
    queues: Arc<[mpsc::Sender<Job<A>>]>,
}

impl<A: Append> Clone for Writers<A> {
    fn clone(&self) -> Self {
        Self { queues: Arc::clone(&self.queues) }
    }
}

impl<A: Append> Writers<A> {
    /// Starts `count` tasks on the current runtime, each with a queue of its own. They connect when there is something to
    /// do, so the server may be away, and end when the last `Writers` is dropped and what was handed over is done.
    pub fn start(server: &Server, count: usize, queue: usize, sink: &Sink<A::Event>) -> Self {
        let start_one = |_| {
            let (jobs, waiting) = mpsc::channel(queue.max(1));
            tokio::spawn(Shard::new(server.clone(), Arc::clone(sink)).run(waiting));
            jobs
        };
        Self { queues: (0..count.max(1)).map(start_one).collect() }
    }

    /// Appends an entry, together with others that wait for the same writer.
    ///
    /// The entry is in line when the future has been polled once.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] at once when the queue is full. [`StoreError::Unavailable`] when surely nothing was done:
    /// there is no connection, or the server refused. [`StoreError::Unknown`] when the connection ended or the time ran out
    /// after the statement was sent.
    pub async fn append(&self, place: [u8; 16], entry: A::Entry) -> Result<A::Outcome, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.submit(place, Job::Append(Waiting { entry, reply }))?;
        answered(answer).await
    }

    /// Makes a change alone: ONE statement that commits by itself, or a [`transaction`](super::transaction). `work` may be
    /// called again when the server says that it lost against another change and nothing was done.
    ///
    /// The change is in line, with the appends of its place, when the future has been polled once.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub async fn change<I, T, F>(&self, place: [u8; 16], input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c Connection, &'c I) -> BoxFuture<'c, Result<Done<T, A::Event>, QueryError>>
            + Send
            + Sync
            + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit(place, Job::Change(Box::new(Alone { input, work, answer: None, reply })))?;
        answered(answer).await
    }

    /// Whether every writer has a connection that works.
    pub async fn ping(&self) -> Result<(), StoreError> {
        for number in 0..self.queues.len() {
            let (reply, answer) = oneshot::channel();
            let change = Alone { input: (), work: check::<A::Event>, answer: None, reply };
            self.send(number, Job::Change(Box::new(change)))?;
            answered(answer).await?;
        }
        Ok(())
    }

    fn submit(&self, place: [u8; 16], job: Job<A>) -> Result<(), StoreError> {
        // The last bytes of our ids are random, the first ones a time.
        let hash = place.iter().skip(8).fold(0_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add((*byte).into()));
        self.send(hash % self.queues.len(), job)
    }

    fn send(&self, number: usize, job: Job<A>) -> Result<(), StoreError> {
        self.queues[number].try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Unavailable("the writers have ended".into()),
        })
    }
}

fn check<'c, E: Send + 'static>(
    connection: &'c Connection,
    (): &'c (),
) -> BoxFuture<'c, Result<Done<(), E>, QueryError>> {
    Box::pin(async move {
        connection.check_connection().await?;
        Ok(Done { answer: (), events: Vec::new() })
    })
}

/// A reply that is dropped means that the task ended with the call, perhaps after its commit.
async fn answered<T>(answer: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    answer.await.unwrap_or_else(|_| Err(StoreError::Unknown("a writer ended".into())))
}

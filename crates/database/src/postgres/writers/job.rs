//! What waits for a writer: entries that are appended together, and changes that are made alone.

use std::fmt;

use futures_util::future::BoxFuture;
use kernel::StoreError;
use tokio::sync::oneshot;

use super::{Append, Done};
use crate::postgres::failure::QueryError;
use crate::postgres::server::Connection;

/// Something to do.
pub(super) enum Job<A: Append> {
    Append(Waiting<A>),
    Change(Box<dyn Change<A::Event>>),
}

/// An entry and who waits for its outcome.
pub(super) struct Waiting<A: Append> {
    pub(super) entry: A::Entry,
    pub(super) reply: Reply<A::Outcome>,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// One change of the store, with its types hidden from the writer.
pub(super) trait Change<E>: Send {
    /// Makes it, keeps the answer, and gives what it has to tell.
    fn attempt<'c>(&'c mut self, connection: &'c Connection) -> BoxFuture<'c, Result<Vec<E>, QueryError>>;

    /// Answers all who wait for it, with what was kept or with the failure.
    fn settle(self: Box<Self>, failed: Option<&Failed>);
}

/// Why a change was not made, or not for sure.
pub(super) enum Failed {
    /// There is no connection.
    Away(String),
    /// The server said so.
    Query(QueryError),
    /// The server did not say anything in time.
    Silent,
    /// Our own code failed.
    Panicked,
}

impl Failed {
    /// For one of those who wait for the change.
    fn error(&self) -> StoreError {
        let why = self.to_string().into();
        match self {
            Self::Away(_) => StoreError::Unavailable(why),
            Self::Query(error) if !error.leaves_doubt() => StoreError::Unavailable(why),
            Self::Query(_) | Self::Silent | Self::Panicked => StoreError::Unknown(why),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) => f.write_str(why),
            Self::Query(error) => error.fmt(f),
            Self::Silent => f.write_str("PostgreSQL did not answer in time"),
            Self::Panicked => f.write_str("a change panicked"),
        }
    }
}

/// A change that is made alone.
pub(super) struct Alone<I, F, T> {
    pub(super) input: I,
    pub(super) work: F,
    pub(super) answer: Option<T>,
    pub(super) reply: Reply<T>,
}

impl<E, I, F, T> Change<E> for Alone<I, F, T>
where
    E: Send + 'static,
    I: Send + Sync,
    T: Send,
    F: for<'c> Fn(&'c Connection, &'c I) -> BoxFuture<'c, Result<Done<T, E>, QueryError>> + Send + Sync,
{
    fn attempt<'c>(&'c mut self, connection: &'c Connection) -> BoxFuture<'c, Result<Vec<E>, QueryError>> {
        let Self { input, work, answer, .. } = self;
        Box::pin(async move {
            let done = work(connection, input).await?;
            *answer = Some(done.answer);
            Ok(done.events)
        })
    }

    fn settle(self: Box<Self>, failed: Option<&Failed>) {
        // The caller may have gone; what it asked for is done all the same.
        let _ = match (failed, self.answer) {
            (None, Some(answer)) => self.reply.send(Ok(answer)),
            (failed, _) => self.reply.send(Err(failed.unwrap_or(&Failed::Panicked).error())),
        };
    }
}

/// Entries that are appended together.
pub(super) struct Batch<A: Append> {
    entries: Vec<A::Entry>,
    replies: Vec<Reply<A::Outcome>>,
    outcomes: Vec<A::Outcome>,
}

impl<A: Append> Batch<A> {
    pub(super) fn new(waiting: Vec<Waiting<A>>) -> Self {
        let (entries, replies) = waiting.into_iter().map(|waiting| (waiting.entry, waiting.reply)).unzip();
        Self { entries, replies, outcomes: Vec::new() }
    }
}

impl<A: Append> Change<A::Event> for Batch<A> {
    fn attempt<'c>(&'c mut self, connection: &'c Connection) -> BoxFuture<'c, Result<Vec<A::Event>, QueryError>> {
        let Self { entries, outcomes, .. } = self;
        Box::pin(async move {
            let done = A::append(connection, entries).await?;
            if done.answer.len() != entries.len() {
                return Err(QueryError::Broken("there are not as many outcomes as entries"));
            }
            *outcomes = done.answer;
            Ok(done.events)
        })
    }

    fn settle(self: Box<Self>, failed: Option<&Failed>) {
        let Self { replies, outcomes, .. } = *self;
        match failed {
            None => replies.into_iter().zip(outcomes).for_each(|(reply, outcome)| drop(reply.send(Ok(outcome)))),
            Some(failed) => replies.into_iter().for_each(|reply| drop(reply.send(Err(failed.error())))),
        }
    }
}

impl<A: Append> Job<A> {
    /// Answers that it was not done.
    pub(super) fn refuse(self, failed: &Failed) {
        match self {
            Self::Append(waiting) => drop(waiting.reply.send(Err(failed.error()))),
            Self::Change(change) => change.settle(Some(failed)),
        }
    }
}

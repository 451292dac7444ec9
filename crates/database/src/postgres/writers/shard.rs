//! One writer: it takes what waits in order, keeps its connection in shape, and says of each change what became of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout};

use super::gather::gather;
use super::job::{Batch, Change, Failed, Job};
use super::tempo::Tempo;
use super::{Append, Sink};
use crate::postgres::failure::QueryError;
use crate::postgres::server::{Connection, Server};

/// How often a change is tried that loses against others.
const ATTEMPTS: u32 = 3;
/// How long after a failed connect the next one may begin: at first, and at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Shard<A: Append> {
    server: Server,
    sink: Sink<A::Event>,
    connection: Option<Connection>,
    away: Option<Away>,
}

/// Why there is no connection, and since when and for how long none is tried.
struct Away {
    why: String,
    since: Instant,
    pause: Duration,
}

impl<A: Append> Shard<A> {
    pub(super) fn new(server: Server, sink: Sink<A::Event>) -> Self {
        Self { server, sink, connection: None, away: None }
    }

    pub(super) async fn run(mut self, mut queue: Receiver<Job<A>>) {
        // The job that could not be part of the batch before it.
        let mut left_over = None;
        let mut tempo = Tempo::new(Instant::now());
        loop {
            let next = match left_over.take() {
                Some(job) => Some(job),
                None => queue.recv().await,
            };
            let Some(job) = next else { return };
            if let Err(failed) = self.connect().await {
                // Nobody waits for longer than one attempt to connect.
                job.refuse(&failed);
                while let Ok(job) = queue.try_recv() {
                    job.refuse(&failed);
                }
                continue;
            }
            let change = match job {
                Job::Append(first) => {
                    let batch;
                    (batch, left_over) = gather(first, &mut queue, tempo.wanted()).await;
                    tempo.note(batch.len(), Instant::now());
                    Box::new(Batch::new(batch))
                }
                Job::Change(change) => change,
            };
            self.make(change).await;
        }
    }

    /// Makes sure that there is a connection, or says why there is none.
    async fn connect(&mut self) -> Result<(), Failed> {
        if self.connection.as_ref().is_some_and(|connection| !connection.is_closed()) {
            return Ok(());
        }
        self.connection = None;
        if let Some(away) = self.away.as_ref().filter(|away| away.since.elapsed() < away.pause) {
            return Err(Failed::Away(away.why.clone()));
        }
        let why = match timeout(self.server.connect_timeout(), self.server.connect()).await {
            Ok(Ok(connection)) => {
                if self.away.take().is_some() {
                    tracing::info!("a writer is connected to PostgreSQL again");
                }
                self.connection = Some(connection);
                return Ok(());
            }
            Ok(Err(error)) => QueryError::from(error).to_string(),
            Err(_) => "PostgreSQL did not take a connection in time".to_owned(),
        };
        let pause = match &self.away {
            None => {
                tracing::warn!(cause = why, "a writer cannot connect to PostgreSQL");
                SHORTEST_PAUSE
            }
            Some(away) => (away.pause * 2).min(LONGEST_PAUSE),
        };
        self.away = Some(Away { why: why.clone(), since: Instant::now(), pause });
        Err(Failed::Away(why))
    }

    /// Makes a change, tells of it, and answers.
    async fn make(&mut self, mut change: Box<dyn Change<A::Event>>) {
        match self.attempt(&mut *change).await {
            Ok(events) => {
                self.tell(events);
                change.settle(None);
            }
            Err(failed) => {
                tracing::error!(cause = %failed, "a change of the store failed");
                change.settle(Some(&failed));
            }
        }
    }

    /// Makes a change, again when it lost against another. A connection whose state is in doubt is closed.
    async fn attempt(&mut self, change: &mut dyn Change<A::Event>) -> Result<Vec<A::Event>, Failed> {
        let Some(connection) = &self.connection else { return Err(Failed::Away("there is no connection".to_owned())) };
        let mut attempts = 1;
        let failed = loop {
            let answer = timeout(self.server.answer_timeout(), change.attempt(connection));
            match AssertUnwindSafe(answer).catch_unwind().await {
                Ok(Ok(Ok(events))) => return Ok(events),
                Ok(Ok(Err(error))) if error.may_be_repeated() && attempts < ATTEMPTS => attempts += 1,
                Ok(Ok(Err(error))) => break Failed::Query(error),
                Ok(Err(_)) => break Failed::Silent,
                Err(_) => break Failed::Panicked,
            }
        };
        if !matches!(&failed, Failed::Query(error) if !error.spoils_connection()) {
            self.connection = None;
        }
        Err(failed)
    }

    /// What a sink makes of events must not end the writer.
    fn tell(&self, events: Vec<A::Event>) {
        if !events.is_empty() && catch_unwind(AssertUnwindSafe(|| (self.sink)(events))).is_err() {
            tracing::error!("telling of committed changes panicked");
        }
    }
}

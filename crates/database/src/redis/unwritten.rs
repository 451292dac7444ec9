//! The tombstones that Redis has not taken yet: a task writes them, and goes on trying when whoever brought one has left.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::SessionId;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::Redis;
use super::live_sessions::{ENDED, live_key};

/// Tombstones that wait at most, some 50 bytes each. Of more than this the oldest are left to the store, which knows.
const WAITING: usize = 10_000;
/// Tombstones that are written in one go.
const BATCH: usize = 256;
/// How long to wait after a failure before the next try, unless Redis is known to be away, which is waited out.
const PAUSE: Duration = Duration::from_millis(50);

/// Has tombstones written. What could not be is given up when this is dropped: the store knows.
pub(super) struct Unwritten {
    line: Arc<Line>,
    writing: JoinHandle<()>,
}

#[derive(Default)]
struct Line {
    waiting: Mutex<VecDeque<Waiting>>,
    more: Notify,
}

struct Waiting {
    id: SessionId,
    /// From then on it is of no use any more.
    until: Instant,
    written: oneshot::Sender<()>,
}

impl Unwritten {
    /// Starts the task. A tombstone lasts for `keep` in Redis, and is tried to be written for as long.
    pub(super) fn start(redis: Redis, keep: Duration) -> Self {
        let line = Arc::new(Line::default());
        let writing = tokio::spawn(write_all(redis, keep, Arc::clone(&line)));
        Self { line, writing }
    }

    /// Has a tombstone written, until a time. The receiver hears when it is, and may be dropped.
    pub(super) fn add(&self, id: SessionId, until: Instant) -> oneshot::Receiver<()> {
        let (written, is_written) = oneshot::channel();
        let mut waiting = self.line.waiting();
        if waiting.len() >= WAITING {
            waiting.pop_front();
        }
        waiting.push_back(Waiting { id, until, written });
        self.line.more.notify_one();
        is_written
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        self.writing.abort();
    }
}

impl Line {
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the oldest out, without those that are of no use any more.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let now = Instant::now();
        waiting.retain(|tombstone| now < tombstone.until);
        let batch = waiting.len().min(BATCH);
        waiting.drain(..batch).collect()
    }

    /// Puts them back where they were.
    fn put_back(&self, batch: Vec<Waiting>) {
        let mut waiting = self.waiting();
        for tombstone in batch.into_iter().rev() {
            waiting.push_front(tombstone);
        }
    }
}

async fn write_all(redis: Redis, keep: Duration, line: Arc<Line>) {
    loop {
        let batch = line.take();
        if batch.is_empty() {
            line.more.notified().await;
        } else if write(&redis, keep, &batch).await {
            for tombstone in batch {
                // Whoever brought it may have left.
                let _ = tombstone.written.send(());
            }
        } else {
            line.put_back(batch);
            if redis.is_available() {
                sleep(PAUSE).await;
            }
            redis.available().await;
        }
    }
}

async fn write(redis: &Redis, keep: Duration, batch: &[Waiting]) -> bool {
    let mut commands = redis::pipe();
    let keep = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
    for tombstone in batch {
        commands.cmd("SET").arg(live_key(redis, tombstone.id)).arg(ENDED).arg("PX").arg(keep).ignore();
    }
    redis.run_all::<()>(&commands).await.is_ok()
}

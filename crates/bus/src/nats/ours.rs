//! The turn of this process's own subscribers: what is published goes to other processes when they have had it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// A turn, or none. Turns that overlap are one, and end with the first of them: to be too early costs little.
pub(super) struct Ours {
    patience: Duration,
    is_on: AtomicBool,
    over: Notify,
}

impl Ours {
    /// Turns of at most this length.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, is_on: AtomicBool::new(false), over: Notify::new() }
    }

    /// It begins.
    pub(super) fn begin(&self) {
        self.is_on.store(true, Ordering::Release);
    }

    /// It is over, if there was one.
    pub(super) fn end(&self) {
        if self.is_on.load(Ordering::Relaxed) && self.is_on.swap(false, Ordering::AcqRel) {
            self.over.notify_one();
        }
    }

    /// Returns when it is over, or took too long.
    pub(super) async fn ended(&self) {
        let _ = timeout(self.patience, self.over.notified()).await;
    }
}

//! Updates on their way to whoever reads them: the driver never waits for the reader.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::Update;

/// Updates that may wait beyond the channel before nothing more is read from the socket. One page of events still fits.
const MANY: usize = 1_024;

pub(super) struct Outlet {
    sender: mpsc::Sender<Update>,
    waiting: VecDeque<Update>,
}

impl Outlet {
    pub(super) fn new(sender: mpsc::Sender<Update>) -> Self {
        Self { sender, waiting: VecDeque::new() }
    }

    /// Tells an update, now or when there is room.
    pub(super) fn tell(&mut self, update: Update) {
        if !self.waiting.is_empty() {
            self.waiting.push_back(update);
            return;
        }
        match self.sender.try_send(update) {
            Err(TrySendError::Full(update)) => self.waiting.push_back(update),
            // Nobody reads.
            Ok(()) | Err(TrySendError::Closed(_)) => {}
        }
    }

    /// Tells each of them, in order.
    pub(super) fn tell_each(&mut self, updates: impl IntoIterator<Item = Update>) {
        for update in updates {
            self.tell(update);
        }
    }

    /// Returns `true` when one that waited has been told, and never while none waits; `false` when nobody reads any more
    /// and that is the end.
    pub(super) async fn make_room(&mut self, ends_without_reader: bool) -> bool {
        if self.waiting.is_empty() {
            if !ends_without_reader {
                return std::future::pending().await;
            }
            self.sender.closed().await;
            return false;
        }
        match self.sender.reserve().await {
            Ok(permit) => {
                if let Some(update) = self.waiting.pop_front() {
                    permit.send(update);
                }
                true
            }
            Err(_) => {
                self.waiting.clear();
                !ends_without_reader
            }
        }
    }

    /// Whether so many wait that no more should be asked for.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= MANY
    }

    /// Tells everything that waits.
    pub(super) async fn drain(&mut self) {
        while !self.waiting.is_empty() {
            self.make_room(false).await;
        }
    }
}

//! Live sessions and tombstones in memory, bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use auth_usecase::ports::{Fence, LiveSessions, Liveness};
use kernel::{SessionId, Timestamp};

/// How long a live entry is believed. It bounds what a revocation that got lost can do.
const LIVE_FOR: Duration = Duration::from_secs(30);
/// How long a tombstone is kept: longer than an access token with its leeway, so that a fill that comes late finds it.
const TOMBSTONE_FOR: Duration = Duration::from_secs(10 * 60);
/// Entries at most, some 100 bytes each.
const CAPACITY: usize = 100_000;

/// Knows of each session for a while that it lives, or that it has ended. It loses no tombstone before its time, so it
/// looks at no fence.
pub struct MemoryLiveSessions {
    entries: Mutex<HashMap<SessionId, Entry>>,
    capacity: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    live: bool,
    until: Timestamp,
}

impl Default for MemoryLiveSessions {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl MemoryLiveSessions {
    /// A memory of at most this many live entries. Tombstones are beyond the bound: forgetting one early could revive
    /// a session. They are bounded by time, and each costs a sign-in, of which the hasher lets only so many through.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity: capacity.max(1) }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<SessionId, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room: what has expired goes first, then everything live, which the store can tell again.
    fn make_room(&self, entries: &mut HashMap<SessionId, Entry>, now: Timestamp) {
        if entries.len() < self.capacity {
            return;
        }
        entries.retain(|_, entry| now < entry.until);
        // To half, so that the next insert does not look through everything again.
        if entries.len() > self.capacity / 2 {
            entries.retain(|_, entry| !entry.live);
        }
    }
}

#[async_trait]
impl LiveSessions for MemoryLiveSessions {
    async fn lookup(&self, id: SessionId, now: Timestamp) -> Liveness {
        match self.entries().get(&id) {
            Some(entry) if now >= entry.until => Liveness::Unknown(Fence::NONE),
            Some(Entry { live: true, .. }) => Liveness::Live,
            Some(Entry { live: false, .. }) => Liveness::Ended,
            None => Liveness::Unknown(Fence::NONE),
        }
    }

    async fn fill(&self, id: SessionId, _: Fence, now: Timestamp, until: Timestamp) {
        let mut entries = self.entries();
        if entries.get(&id).is_some_and(|entry| now < entry.until) {
            return;
        }
        self.make_room(&mut entries, now);
        if entries.len() < self.capacity {
            entries.insert(id, Entry { live: true, until: now.plus(LIVE_FOR).min(until) });
        }
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) {
        let mut entries = self.entries();
        self.make_room(&mut entries, now);
        entries.insert(id, Entry { live: false, until: now.plus(TOMBSTONE_FOR) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).plus(Duration::from_secs(seconds))
    }

    #[tokio::test]
    async fn a_flood_of_live_sessions_is_bounded_and_pushes_no_tombstone_out() {
        let memory = MemoryLiveSessions::with_capacity(100);
        let ended = SessionId::new();
        memory.revoke(ended, at(0)).await;
        for _ in 0..1_000 {
            memory.fill(SessionId::new(), Fence::NONE, at(1), at(1_000_000)).await;
        }
        assert!(memory.entries().len() <= 100);
        assert_eq!(memory.lookup(ended, at(359)).await, Liveness::Ended);
    }

    #[tokio::test]
    async fn tombstones_alone_are_kept_and_forgotten_after_their_time() {
        let memory = MemoryLiveSessions::with_capacity(10);
        let ids: Vec<_> = (0..50).map(|_| SessionId::new()).collect();
        for id in &ids {
            memory.revoke(*id, at(0)).await;
        }
        for id in &ids {
            assert_eq!(memory.lookup(*id, at(360)).await, Liveness::Ended);
        }
        memory.revoke(SessionId::new(), at(3_600)).await;
        assert_eq!(memory.entries().len(), 1);
    }
}

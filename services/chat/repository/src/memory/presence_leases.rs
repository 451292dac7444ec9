//! Presence in a single process.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat_entity::PresenceStatus;
use chat_usecase::port::{LONGEST_LEASE, Lease, Presence, PresenceChange, PresenceLeases};
use kernel::{ConnectionId, Timestamp, UserId};

/// Keeps leases until they end. There are as many as connections, which are bounded where they are made.
#[derive(Default)]
pub struct MemoryPresenceLeases {
    leases: Mutex<Leases>,
}

#[derive(Default)]
struct Leases {
    of_users: HashMap<UserId, OfUser>,
    /// When to look at whom again: the earliest end of each user's leases.
    ends: BTreeSet<(Timestamp, UserId)>,
}

struct OfUser {
    leases: HashMap<ConnectionId, Held>,
    told: Option<PresenceStatus>,
    seen_at: Timestamp,
    /// Its place in `ends`.
    earliest: Option<Timestamp>,
}

struct Held {
    /// Any open connection is greater than one that has gone.
    weight: (bool, PresenceStatus),
    until: Timestamp,
}

impl OfUser {
    fn status(&self, now: Timestamp) -> Option<PresenceStatus> {
        let holding = self.leases.values().filter(|held| now < held.until);
        holding.map(|held| held.weight).max().map(|(_, status)| status)
    }
}

impl Leases {
    fn note(&mut self, lease: &Lease, now: Timestamp) {
        let new = || OfUser { leases: HashMap::new(), told: None, seen_at: now, earliest: None };
        let of_user = self.of_users.entry(lease.user).or_insert_with(new);
        let held = Held { weight: (lease.is_open, lease.status), until: lease.until.min(now.plus(LONGEST_LEASE)) };
        of_user.leases.insert(lease.connection, held);
        of_user.seen_at = of_user.seen_at.max(now);
    }

    /// Forgets what has ended, notes when to look again, and gives what has changed.
    fn look(&mut self, user: UserId, now: Timestamp) -> Option<PresenceChange> {
        let of_user = self.of_users.get_mut(&user)?;
        of_user.leases.retain(|_, held| now < held.until);
        let status = of_user.status(now);
        if let Some(earliest) = of_user.earliest.take() {
            self.ends.remove(&(earliest, user));
        }
        of_user.earliest = of_user.leases.values().map(|held| held.until).min();
        if let Some(earliest) = of_user.earliest {
            self.ends.insert((earliest, user));
        }
        let seen_at = of_user.seen_at;
        let has_changed = std::mem::replace(&mut of_user.told, status) != status;
        if status.is_none() {
            self.of_users.remove(&user);
        }
        has_changed.then_some(PresenceChange { user, status, seen_at })
    }
}

impl MemoryPresenceLeases {
    /// Nobody is there.
    pub fn new() -> Self {
        Self::default()
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PresenceLeases for MemoryPresenceLeases {
    async fn renew(&self, leases: &[Lease], now: Timestamp) -> Vec<PresenceChange> {
        let mut all = self.leases();
        for lease in leases {
            all.note(lease, now);
        }
        leases.iter().filter_map(|lease| all.look(lease.user, now)).collect()
    }

    async fn take_ended(&self, limit: usize, now: Timestamp) -> Vec<PresenceChange> {
        let mut all = self.leases();
        let mut changes = Vec::new();
        while changes.len() < limit
            && let Some((earliest, user)) = all.ends.first().copied()
            && earliest <= now
        {
            changes.extend(all.look(user, now));
        }
        changes
    }

    async fn candidates(&self, limit: usize) -> Vec<UserId> {
        self.leases().of_users.keys().take(limit).copied().collect()
    }

    async fn present(&self, users: &[UserId], now: Timestamp) -> Vec<Presence> {
        let all = self.leases();
        let status = |user| all.of_users.get(user).and_then(|of_user: &OfUser| of_user.status(now));
        users.iter().map(|user| status(user).map_or(Presence::Absent, Presence::Here)).collect()
    }
}

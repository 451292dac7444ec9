//! Presence in a single process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat_entity::PresenceStatus;
use chat_usecase::port::{LONGEST_LEASE, Lease, Presence, PresenceLeases};
use kernel::{ConnectionId, Timestamp, UserId};

/// After this many renewals, leases that have ended are forgotten.
const SWEEP_EVERY: usize = 10_000;

/// Keeps leases until they end. There are as many as connections, which are bounded where they are made.
#[derive(Default)]
pub struct MemoryPresenceLeases {
    leases: Mutex<Leases>,
}

type OfUser = HashMap<ConnectionId, (PresenceStatus, Timestamp)>;

#[derive(Default)]
struct Leases {
    of_users: HashMap<UserId, OfUser>,
    renewals: usize,
}

impl Leases {
    fn forget_ended(&mut self, now: Timestamp) {
        self.of_users.retain(|_, of_user| {
            of_user.retain(|_, (_, until)| now < *until);
            !of_user.is_empty()
        });
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
    async fn renew(&self, lease: Lease, now: Timestamp) {
        let mut leases = self.leases();
        leases.renewals += 1;
        if leases.renewals >= SWEEP_EVERY {
            leases.renewals = 0;
            leases.forget_ended(now);
        }
        let until = lease.until.min(now.plus(LONGEST_LEASE));
        leases.of_users.entry(lease.user).or_default().insert(lease.connection, (lease.status, until));
    }

    async fn end(&self, user: UserId, connection: ConnectionId) {
        let mut leases = self.leases();
        if let Some(of_user) = leases.of_users.get_mut(&user) {
            of_user.remove(&connection);
            if of_user.is_empty() {
                leases.of_users.remove(&user);
            }
        }
    }

    async fn present(&self, users: &[UserId], now: Timestamp) -> Vec<Presence> {
        let leases = self.leases();
        let presence = |user| {
            let of_user = leases.of_users.get(user).into_iter().flat_map(HashMap::values);
            let status = of_user.filter(|(_, until)| now < *until).map(|(status, _)| *status).max();
            status.map_or(Presence::Absent, Presence::Here)
        };
        users.iter().map(presence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn leases_that_nobody_renewed_are_forgotten() {
        let memory = MemoryPresenceLeases::new();
        let at = Timestamp::from_millis;
        let renew = |now: i64| {
            let (user, connection) = (UserId::new(), ConnectionId::new());
            memory.renew(Lease { user, connection, status: PresenceStatus::Online, until: at(now + 30) }, at(now))
        };
        for now in 0..3 * SWEEP_EVERY {
            renew(i64::try_from(now).unwrap()).await;
        }
        assert!(memory.leases().of_users.len() <= SWEEP_EVERY + 30);
    }
}

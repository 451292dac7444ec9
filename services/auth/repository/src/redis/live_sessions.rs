//! Live sessions and tombstones in Redis, as this service's port wants them.

use async_trait::async_trait;
use auth_usecase::ports::{Fence, LiveSessions, Liveness};
use kernel::{SessionId, Timestamp};

/// The memory that both services share; `database` has it, as chat reads it without this service.
pub struct RedisLiveSessions(database::redis::RedisLiveSessions);

impl RedisLiveSessions {
    /// Uses this memory.
    pub fn new(sessions: database::redis::RedisLiveSessions) -> Self {
        Self(sessions)
    }
}

#[async_trait]
impl LiveSessions for RedisLiveSessions {
    async fn lookup(&self, id: SessionId, now: Timestamp) -> Liveness {
        self.0.lookup(id, now).await
    }

    async fn fill(&self, id: SessionId, fence: Fence, now: Timestamp, until: Timestamp) {
        self.0.fill(id, fence, now, until).await;
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) {
        self.0.revoke(id, now).await;
    }
}

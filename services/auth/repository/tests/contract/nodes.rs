//! Two nodes on one Redis that a case takes for one: what one has been told, the other must know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_entity::Login;
use auth_repository::redis::{RedisLiveSessions, RedisSignInThrottle};
use auth_usecase::ports::{Fence, LiveSessions, Liveness, SignInThrottle};
use database::redis::{LiveTimes, Redis, RedisSettings};
use kernel::{SessionId, Timestamp};
use limit::Decision;
use testkit::{RedisServer, Turned};

use crate::samples::at;

/// A node's connection, once commands pass. Its timeout is the longest: machines that run tests are busy.
pub(crate) async fn connected(server: &RedisServer, prefix: &str) -> Redis {
    let settings = RedisSettings { url: Some(server.url()), prefix: prefix.to_owned(), timeout_ms: 1_000 };
    let redis = Redis::start(&settings).unwrap().unwrap();
    tokio::time::timeout(testkit::PATIENCE, redis.available()).await.expect("Redis can be reached in time");
    redis
}

/// A prefix that no other case has.
pub(crate) fn prefix() -> String {
    format!("test-{}", SessionId::new())
}

struct LiveSessionsOfTwo {
    asking: RedisLiveSessions,
    revoking: RedisLiveSessions,
}

#[async_trait]
impl LiveSessions for LiveSessionsOfTwo {
    async fn lookup(&self, id: SessionId, now: Timestamp) -> Liveness {
        self.asking.lookup(id, now).await
    }

    async fn fill(&self, id: SessionId, fence: Fence, now: Timestamp, until: Timestamp) {
        self.asking.fill(id, fence, now, until).await;
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) {
        self.revoking.revoke(id, now).await;
    }
}

/// Nodes that believe Redis from the start on; that a real one does not is tested where that is written.
pub(crate) async fn redis_live_sessions() -> Turned<dyn LiveSessions> {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let times = LiveTimes { distrust: Duration::ZERO, ..LiveTimes::default() };
    let node = async || {
        let sessions = database::redis::RedisLiveSessions::with_times(connected(server, &prefix).await, times);
        RedisLiveSessions::new(sessions)
    };
    let port = Arc::new(LiveSessionsOfTwo { asking: node().await, revoking: node().await });
    Turned::by_redis(port, at(0), server, prefix)
}

struct ThrottleOfTwo {
    nodes: [RedisSignInThrottle; 2],
    turn: AtomicBool,
}

impl ThrottleOfTwo {
    fn next(&self) -> &RedisSignInThrottle {
        &self.nodes[usize::from(self.turn.fetch_xor(true, Ordering::Relaxed))]
    }
}

#[async_trait]
impl SignInThrottle for ThrottleOfTwo {
    async fn attempt(&self, login: &Login, now: Timestamp) -> Decision {
        self.next().attempt(login, now).await
    }

    async fn succeeded(&self, login: &Login) {
        self.next().succeeded(login).await;
    }
}

/// A throttle that lets five attempts pass.
pub(crate) async fn redis_throttle() -> Turned<dyn SignInThrottle> {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let node = async || RedisSignInThrottle::new(connected(server, &prefix).await, 5);
    let port = Arc::new(ThrottleOfTwo { nodes: [node().await, node().await], turn: AtomicBool::new(false) });
    Turned::by_redis(port, at(0), server, prefix)
}

//! What is remembered for a while: in the memory of a process, and on two nodes that share a Redis and that a case takes
//! for one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_repository::memory::{MemoryPresenceLeases, MemoryTickets};
use chat_repository::redis::{RedisPresenceLeases, RedisTickets};
use chat_usecase::port::{Lease, Presence, PresenceChange, PresenceLeases, Tickets};
use database::redis::{Redis, RedisSettings};
use kernel::{Principal, SessionId, StoreError, Timestamp, UserId};
use testkit::{RedisServer, Turned};

use crate::samples::at;

/// Runs each case on what a process remembers and on what nodes do.
macro_rules! remembered {
    ($memory:path, $redis:path: $($case:ident)*) => {
        mod memory {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case($memory().await).await;
                }
            )*
        }
        mod redis {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case($redis().await).await;
                }
            )*
        }
    };
}
pub(crate) use remembered;

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

pub(crate) async fn memory_tickets() -> Turned<dyn Tickets> {
    Turned::by_given_times(Arc::new(MemoryTickets::new()), at(0))
}

struct TicketsOfTwo {
    issuing: RedisTickets,
    redeeming: RedisTickets,
}

#[async_trait]
impl Tickets for TicketsOfTwo {
    async fn issue(&self, caller: Principal, now: Timestamp, until: Timestamp) -> Result<Option<String>, StoreError> {
        self.issuing.issue(caller, now, until).await
    }

    async fn redeem(&self, ticket: &str, now: Timestamp) -> Result<Option<Principal>, StoreError> {
        self.redeeming.redeem(ticket, now).await
    }
}

pub(crate) async fn redis_tickets() -> Turned<dyn Tickets> {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let node = async || RedisTickets::new(connected(server, &prefix).await);
    let port = Arc::new(TicketsOfTwo { issuing: node().await, redeeming: node().await });
    Turned::by_redis(port, at(0), server, prefix)
}

pub(crate) async fn memory_presence() -> Arc<dyn PresenceLeases> {
    Arc::new(MemoryPresenceLeases::new())
}

struct PresenceOfTwo {
    renewing: RedisPresenceLeases,
    asking: RedisPresenceLeases,
}

#[async_trait]
impl PresenceLeases for PresenceOfTwo {
    async fn renew(&self, leases: &[Lease], now: Timestamp) -> Vec<PresenceChange> {
        self.renewing.renew(leases, now).await
    }

    async fn take_ended(&self, limit: usize, now: Timestamp) -> Vec<PresenceChange> {
        self.asking.take_ended(limit, now).await
    }

    async fn candidates(&self, limit: usize) -> Vec<UserId> {
        self.asking.candidates(limit).await
    }

    async fn present(&self, users: &[UserId], now: Timestamp) -> Vec<Presence> {
        self.asking.present(users, now).await
    }
}

/// Nodes that believe from the start on that nothing is lost; that real ones do not is tested where that is written.
pub(crate) async fn redis_presence() -> Arc<dyn PresenceLeases> {
    let (server, prefix) = (RedisServer::shared().await, prefix());
    let node = async || RedisPresenceLeases::settled_after(connected(server, &prefix).await, Duration::ZERO);
    Arc::new(PresenceOfTwo { renewing: node().await, asking: node().await })
}

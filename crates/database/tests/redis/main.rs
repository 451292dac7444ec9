//! What the Redis part promises, on real servers that are killed, stopped and emptied.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on is a test that fails")]

mod connection;
mod limiter;
mod live_sessions;
mod lost_sessions;

use std::time::Duration;

use database::redis::{Redis, RedisSettings};
use kernel::SessionId;
use testkit::RedisServer;

/// A prefix that no other test has.
fn prefix() -> String {
    format!("test-{}", SessionId::new())
}

/// A node's connection. Its timeout is the longest: machines that run tests are busy.
fn begin(server: &RedisServer, prefix: &str) -> Redis {
    begin_with(server, prefix, Duration::from_secs(1))
}

fn begin_with(server: &RedisServer, prefix: &str, timeout: Duration) -> Redis {
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap();
    let settings = RedisSettings { url: Some(server.url()), prefix: prefix.to_owned(), timeout_ms };
    Redis::start(&settings).unwrap().unwrap()
}

/// The same, once commands pass.
async fn connected(server: &RedisServer, prefix: &str) -> Redis {
    let redis = begin(server, prefix);
    available(&redis).await;
    redis
}

async fn available(redis: &Redis) {
    tokio::time::timeout(testkit::PATIENCE, redis.available()).await.expect("Redis can be reached in time");
}

async fn away(redis: &Redis) {
    testkit::until("Redis is known to be away", async || (!redis.is_available()).then_some(())).await;
}

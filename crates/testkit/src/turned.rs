//! Something that remembers for a while, with a time that a test can turn: the times that it is given, or Redis's clock.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::Timestamp;

use crate::RedisServer;

/// A port and its time.
pub struct Turned<P: ?Sized> {
    /// The port.
    pub port: Arc<P>,
    begin: Timestamp,
    redis: Option<(&'static RedisServer, String)>,
    now: AtomicU64,
}

impl<P: ?Sized> Turned<P> {
    /// One that believes the times that it is given, which count from `begin`.
    pub fn by_given_times(port: Arc<P>, begin: Timestamp) -> Self {
        Self { port, begin, redis: None, now: AtomicU64::new(0) }
    }

    /// One that keeps its things in Redis, under keys with this prefix.
    pub fn by_redis(port: Arc<P>, begin: Timestamp, server: &'static RedisServer, prefix: String) -> Self {
        Self { port, begin, redis: Some((server, prefix)), now: AtomicU64::new(0) }
    }

    /// So many seconds after the beginning. Time is turned there, and never back.
    pub async fn at(&self, seconds: u64) -> Timestamp {
        let before = self.now.fetch_max(seconds, Ordering::Relaxed);
        if let (Some((server, prefix)), Some(passed)) = (&self.redis, seconds.checked_sub(before)) {
            server.age(prefix, Duration::from_secs(passed)).await;
        }
        self.begin.plus(Duration::from_secs(seconds))
    }
}

impl<P: ?Sized> Deref for Turned<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.port
    }
}

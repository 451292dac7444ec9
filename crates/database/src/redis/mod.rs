//! Everything on Redis: one connection that heals, and what both services keep there. Whatever is lost from it, the
//! stores can answer; whoever uses it says what happens while it is away.
//!
//! Keys of one script may be spread over a cluster's slots: it has to be one primary, with or without replicas.

mod breaker;
mod connection;
mod fault;
mod limiter;
mod live_sessions;
mod probe;
mod settings;
mod tombstones;
mod unwritten;

pub use connection::Redis;
pub use fault::RedisFault;
pub use limiter::RedisLimiter;
pub use live_sessions::{LiveTimes, RedisLiveSessions};
pub use settings::{RedisSettings, RedisSettingsError};

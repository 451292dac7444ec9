//! What all nodes remember together for a while, in Redis.

mod live_sessions;
mod sign_in_throttle;

pub use live_sessions::RedisLiveSessions;
pub use sign_in_throttle::RedisSignInThrottle;

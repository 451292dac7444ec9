//! What one process remembers for a while: the stand-in for Redis.

mod live_sessions;
mod sign_in_throttle;

pub use live_sessions::MemoryLiveSessions;
pub use sign_in_throttle::{MemorySignInThrottle, Unthrottled};

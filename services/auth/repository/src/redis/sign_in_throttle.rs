//! Sign-in attempts by login, in Redis: counted for all nodes together.

use std::fmt::Write;
use std::time::Duration;

use async_trait::async_trait;
use auth_entity::{FORGOTTEN_AFTER, LONGEST_DELAY, Login};
use auth_usecase::ports::SignInThrottle;
use aws_lc_rs::digest::{SHA256, digest};
use database::redis::{Redis, RedisFault};
use kernel::Timestamp;
use limit::Decision;
use redis::Script;

use crate::memory::MemorySignInThrottle;

/// The rule of [`auth_entity::AccountThrottle`]. The key holds the number of attempts and lasts as long as they are
/// remembered, so that what is left of its time says when the latest one was: by Redis's clock, whatever the nodes' say.
///
/// It returns how many milliseconds to wait, or 0 when the attempt was counted.
const ATTEMPT: &str = "
local free, remembered, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local attempts, left = tonumber(redis.call('GET', KEYS[1]) or 0), redis.call('PTTL', KEYS[1])
if attempts > 0 and attempts >= free then
  local delay = math.min(2 ^ math.min(attempts - free, 5) * 1000, longest)
  local wait = delay - (remembered - left)
  if wait > 0 then return wait end
end
redis.call('SET', KEYS[1], attempts + 1, 'PX', remembered)
return 0";

/// Counts in Redis under hashes of the logins. While Redis is away it counts on this node alone.
pub struct RedisSignInThrottle {
    redis: Redis,
    free: u32,
    local: MemorySignInThrottle,
    script: Script,
}

impl RedisSignInThrottle {
    /// Lets `free` attempts pass before the delays begin.
    pub fn new(redis: Redis, free: u32) -> Self {
        Self { redis, free, local: MemorySignInThrottle::new(free), script: Script::new(ATTEMPT) }
    }

    /// A key that does not tell what was typed: addresses have no business in Redis, nor in its log of slow commands.
    fn key(&self, login: &Login) -> String {
        let mut hash = String::with_capacity(64);
        for byte in digest(&SHA256, login.key().as_bytes()).as_ref() {
            let _ = write!(hash, "{byte:02x}");
        }
        self.redis.key("sign-in", hash)
    }

    async fn shared(&self, login: &Login) -> Result<Decision, RedisFault> {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let mut script = self.script.key(self.key(login));
        script.arg(self.free).arg(millis(FORGOTTEN_AFTER)).arg(millis(LONGEST_DELAY));
        match self.redis.run_script::<u64>(&script).await? {
            0 => Ok(Decision::Allowed),
            millis => Ok(Decision::Refused { retry_after: Duration::from_millis(millis) }),
        }
    }
}

#[async_trait]
impl SignInThrottle for RedisSignInThrottle {
    async fn attempt(&self, login: &Login, now: Timestamp) -> Decision {
        match self.shared(login).await {
            Ok(decision) => decision,
            Err(_) => self.local.attempt(login, now).await,
        }
    }

    async fn succeeded(&self, login: &Login) {
        self.local.succeeded(login).await;
        // If it gets lost, the owner's next sign-ins wait a little, and nobody else gets a try more.
        let _ = self.redis.run::<()>(redis::cmd("DEL").arg(self.key(login))).await;
    }
}

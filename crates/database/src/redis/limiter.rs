//! The limiter that all nodes share, and what decides while it is out of reach.

use std::time::Duration;

use async_trait::async_trait;
use limit::{Decision, LocalLimiter, RateLimiter, Rule};
use redis::Script;

use super::{Redis, RedisFault};

/// The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A), as `governor` has it too: an
/// action is due at its *theoretical arrival time*, one period after the one before, and may come as much earlier as the
/// burst allows. All times are microseconds of Redis's own clock, so that the nodes' clocks do not matter (I27).
///
/// It returns how long to wait, or 0 when the action was counted. The key lasts until it would say what its absence says.
const GCRA: &str = "
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local period, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1])) or now
-- What this rule cannot have written comes from a clock that was set back, or from a rule that was changed.
if due < now or due > now + period * burst then due = now end
local after = due + period
local wait = after - period * burst - now
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
return 0";

/// A double is exact up to here. Periods and bursts that leave it, some decades' worth, are cut.
const LONGEST_MICROS: u64 = 1 << 50;
/// Bytes of a key at most. A longer one, which no rule of ours has, is counted on this node alone.
const LONGEST_KEY: usize = 256;

/// Counts in Redis, for all nodes together. While Redis is away it counts on this node alone, by the same rule.
///
/// Its memory is bounded by time: a key is gone when its whole allowance is back. A Redis that has no room left refuses
/// the write, and then this node counts.
pub struct RedisLimiter {
    redis: Redis,
    local: LocalLimiter,
    script: Script,
}

impl RedisLimiter {
    /// Uses this Redis.
    pub fn new(redis: Redis) -> Self {
        Self { redis, local: LocalLimiter::new(), script: Script::new(GCRA) }
    }

    async fn shared(&self, rule: &Rule, key: &str) -> Result<Decision, RedisFault> {
        let burst = u64::from(rule.burst.get());
        let period = (rule.window / rule.amount.get()).as_micros();
        let period = u64::try_from(period).unwrap_or(u64::MAX).clamp(1, LONGEST_MICROS / burst.max(1));
        let mut script = self.script.prepare_invoke();
        script.key(self.redis.key("limit", format_args!("{}:{key}", rule.name))).arg(period).arg(burst);
        match self.redis.run_script::<u64>(&script).await? {
            0 => Ok(Decision::Allowed),
            micros => Ok(Decision::Refused { retry_after: Duration::from_micros(micros) }),
        }
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn check(&self, rule: &Rule, key: &str) -> Decision {
        if key.len() > LONGEST_KEY {
            return self.local.check_now(rule, key);
        }
        match self.shared(rule, key).await {
            Ok(decision) => decision,
            Err(_) => self.local.check_now(rule, key),
        }
    }
}

//! The limiter of one process, on `governor`'s generic cell rate algorithm.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::{Clock, DefaultClock};
use governor::{Quota, RateLimiter as Governor};

use crate::keys::Keys;
use crate::{Decision, RateLimiter, Rule};

/// After this many checks of a rule, keys that are back at their full allowance are forgotten.
const SWEEP_EVERY: u32 = 10_000;
/// Keys of a rule that are told apart, some 150 bytes each. More than this many within a window come only from an
/// attack; the ones beyond share one allowance until a sweep makes room.
const MAX_KEYS: usize = 100_000;

/// Counts in this process's memory, for at most [`MAX_KEYS`] keys of each rule.
#[derive(Default)]
pub struct LocalLimiter {
    rules: RwLock<HashMap<&'static str, Arc<Counted>>>,
    clock: DefaultClock,
}

struct Counted {
    governor: Governor<String, Keys, DefaultClock>,
    checks: AtomicU32,
}

impl LocalLimiter {
    /// A limiter that has counted nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same as [`RateLimiter::check`], without waiting: for the path where order matters.
    pub fn check_now(&self, rule: &Rule, key: &str) -> Decision {
        let counted = self.counted(rule);
        if counted.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            counted.governor.retain_recent();
        }
        match counted.governor.check_key(&key.to_owned()) {
            Ok(()) => Decision::Allowed,
            Err(not_until) => Decision::Refused { retry_after: not_until.wait_time_from(self.clock.now()) },
        }
    }

    fn counted(&self, rule: &Rule) -> Arc<Counted> {
        if let Some(counted) = self.rules.read().unwrap_or_else(PoisonError::into_inner).get(rule.name) {
            return Arc::clone(counted);
        }
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || {
            let governor = Governor::new(quota(rule), Keys::at_most(MAX_KEYS), self.clock.clone());
            Arc::new(Counted { governor, checks: AtomicU32::new(0) })
        };
        Arc::clone(rules.entry(rule.name).or_insert_with(fresh))
    }
}

fn quota(rule: &Rule) -> Quota {
    let each = (rule.window / rule.amount.get()).max(Duration::from_nanos(1));
    Quota::with_period(each).map_or_else(|| Quota::per_second(rule.amount), |quota| quota.allow_burst(rule.burst))
}

#[async_trait]
impl RateLimiter for LocalLimiter {
    async fn check(&self, rule: &Rule, key: &str) -> Decision {
        self.check_now(rule, key)
    }
}

/// Allows everything: what `LIMITS_ENABLED=false` puts in a limiter's place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

#[async_trait]
impl RateLimiter for Unlimited {
    async fn check(&self, _: &Rule, _: &str) -> Decision {
        Decision::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn the_burst_passes_and_one_more_is_told_when_to_return() {
        let limiter = LocalLimiter::new();
        let rule = Rule::with_burst("test", 2, HOUR, 3);
        for _ in 0..3 {
            assert_eq!(limiter.check(&rule, "a").await, Decision::Allowed);
        }
        let Decision::Refused { retry_after } = limiter.check(&rule, "a").await else {
            panic!("a fourth was allowed");
        };
        assert!(retry_after > HOUR / 3 && retry_after <= HOUR / 2, "{retry_after:?}");
        assert_eq!(limiter.check(&rule, "b").await, Decision::Allowed, "keys do not share an allowance");
    }

    #[test]
    fn keys_that_are_idle_again_are_forgotten() {
        let limiter = LocalLimiter::new();
        let rule = Rule::new("test", 1000, Duration::from_micros(1));
        for n in 0..SWEEP_EVERY * 3 {
            limiter.check_now(&rule, &n.to_string());
        }
        assert!(limiter.counted(&rule).governor.len() <= SWEEP_EVERY as usize);
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_passes_nobody_uncounted() {
        let limiter = LocalLimiter::new();
        let rule = Rule::new("test", 2, HOUR);
        let check = |n: usize| limiter.check_now(&rule, &n.to_string());
        for n in 0..MAX_KEYS {
            assert_eq!(check(n), Decision::Allowed);
        }
        assert_eq!([check(MAX_KEYS), check(MAX_KEYS + 1)], [Decision::Allowed; 2]);
        for n in MAX_KEYS + 1..MAX_KEYS + 100 {
            assert!(matches!(check(n), Decision::Refused { .. }), "{n} has an allowance of its own");
        }
        assert_eq!(check(7), Decision::Allowed, "who is counted goes on");
        assert_eq!(limiter.counted(&rule).governor.len(), MAX_KEYS);
    }

    #[test]
    fn a_sweep_makes_room_again() {
        let limiter = LocalLimiter::new();
        let rule = Rule::new("test", 1, Duration::from_millis(1));
        for n in 0..MAX_KEYS {
            limiter.check_now(&rule, &n.to_string());
        }
        // Each key is idle again after a millisecond; the next sweep after that forgets it.
        let begun = std::time::Instant::now();
        while limiter.counted(&rule).governor.len() >= MAX_KEYS / 2 {
            limiter.check_now(&rule, "one");
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is forgotten");
        }
    }
}

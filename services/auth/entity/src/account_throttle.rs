//! How often one account's password may be tried: a growing delay slows guessing and never locks the owner out.

use std::time::Duration;

use kernel::Timestamp;

/// No delay is longer than this.
pub const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// After this long without an attempt, an account's attempts are forgotten.
pub const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// What is remembered of one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AccountThrottle {
    attempts: u32,
    last: Option<Timestamp>,
}

impl AccountThrottle {
    /// Counts an attempt, or says how long to wait; an attempt that is refused is not counted.
    ///
    /// The first `free` attempts pass at once, the ones after them 1, 2, 4 … 30 seconds after the one before.
    pub fn attempt(&mut self, free: u32, now: Timestamp) -> Result<(), Duration> {
        if self.is_forgotten(now) {
            self.attempts = 0;
        }
        let waited = self.last.map_or(Duration::MAX, |last| now.since(last));
        let delay = delay_before(self.attempts, free);
        if waited < delay {
            return Err(delay - waited);
        }
        self.attempts = self.attempts.saturating_add(1);
        self.last = Some(now);
        Ok(())
    }

    /// Whether this record can be dropped without anybody noticing.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.last.is_none_or(|last| now.since(last) >= FORGOTTEN_AFTER)
    }
}

fn delay_before(attempts: u32, free: u32) -> Duration {
    match attempts.checked_sub(free) {
        None => Duration::ZERO,
        // 2⁵ is beyond the longest delay already.
        Some(over) => Duration::from_secs(1 << over.min(5)).min(LONGEST_DELAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn five_attempts_are_free_and_then_the_delay_doubles_up_to_30_seconds() {
        let mut throttle = AccountThrottle::default();
        let mut now = at(0);
        for _ in 0..5 {
            assert_eq!(throttle.attempt(5, now), Ok(()));
        }
        for delay in [1, 2, 4, 8, 16, 30, 30] {
            let delay = Duration::from_secs(delay);
            assert_eq!(throttle.attempt(5, now), Err(delay));
            now = now.plus(delay);
            assert_eq!(throttle.attempt(5, now), Ok(()));
        }
    }

    #[test]
    fn a_quiet_minute_forgets_everything() {
        let mut throttle = AccountThrottle::default();
        for _ in 0..5 {
            throttle.attempt(5, at(0)).unwrap();
        }
        assert!(throttle.attempt(5, at(0)).is_err());
        assert!(!throttle.is_forgotten(at(59)) && throttle.is_forgotten(at(60)));
        for _ in 0..5 {
            assert_eq!(throttle.attempt(5, at(60)), Ok(()));
        }
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_30_seconds_and_waiting_helps(gaps in prop::collection::vec(0u64..40, 0..200)) {
            let mut throttle = AccountThrottle::default();
            let mut now = at(0);
            for gap in gaps {
                now = now.plus(Duration::from_secs(gap));
                if let Err(wait) = throttle.attempt(5, now) {
                    prop_assert!(wait <= LONGEST_DELAY);
                    prop_assert_eq!(throttle.attempt(5, now.plus(wait)), Ok(()));
                    now = now.plus(wait);
                }
            }
        }
    }
}

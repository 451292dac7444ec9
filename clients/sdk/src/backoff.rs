//! How long to wait before trying again, so that a crowd of clients does not come back at the same moment.

use std::time::Duration;

/// The shortest and the longest wait before connecting again: the protocol's, section 9.
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that grow with each failure, with full jitter: each is a random time between the shortest and a ceiling that
/// doubles (the "full jitter" of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    shortest: Duration,
    longest: Duration,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::between(SHORTEST, LONGEST)
    }
}

impl Backoff {
    /// With other bounds.
    pub(crate) const fn between(shortest: Duration, longest: Duration) -> Self {
        Self { shortest, longest, failures: 0 }
    }

    /// The wait after one more failure. The server's hint wins: it has spread its clients already. One that is very short is
    /// followed once: whoever says "at once" again and again would be asked without a pause.
    pub(crate) fn next(&mut self, hint: Option<Duration>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if let Some(hint) = hint {
            let shortest = if self.failures > 1 { self.shortest } else { Duration::ZERO };
            return hint.max(shortest).min(self.longest);
        }
        let factor = 1u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let ceiling = self.shortest.saturating_mul(factor).min(self.longest);
        self.shortest + ceiling.saturating_sub(self.shortest).mul_f64(fastrand::f64())
    }

    /// It has worked.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_between_the_bounds_and_grow() {
        let mut backoff = Backoff::default();
        let mut longest_of_first = Duration::ZERO;
        for failure in 0..100 {
            let wait = backoff.next(None);
            assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
            if failure == 0 {
                longest_of_first = wait;
            }
        }
        assert!(longest_of_first <= SHORTEST * 2);
        assert!((0..50).any(|_| backoff.next(None) > Duration::from_secs(5)));
        backoff.reset();
        assert!(backoff.next(None) <= SHORTEST * 2);
    }

    #[test]
    fn a_hint_is_followed() {
        let hint = Duration::from_millis(3_120);
        assert_eq!(Backoff::default().next(Some(hint)), hint);
        let mut backoff = Backoff::default();
        let waits = [(); 3].map(|()| backoff.next(Some(Duration::ZERO)));
        assert_eq!(waits, [Duration::ZERO, SHORTEST, SHORTEST]);
    }
}

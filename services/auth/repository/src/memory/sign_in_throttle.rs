//! Sign-in attempts by login, in memory, bounded.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use auth_entity::{AccountThrottle, Login};
use auth_usecase::ports::SignInThrottle;
use kernel::Timestamp;
use limit::Decision;

/// Logins at most, some 50 bytes each. More than this many within a minute come only from an attack, and then new ones
/// wait a second each rather than pass uncounted.
const CAPACITY: usize = 100_000;

/// Counts attempts with [`AccountThrottle`]. It keeps hashes of logins, not the logins.
pub struct MemorySignInThrottle {
    free: u32,
    capacity: usize,
    hasher: RandomState,
    logins: Mutex<HashMap<u64, AccountThrottle>>,
}

impl MemorySignInThrottle {
    /// Lets `free` attempts pass before the delays begin.
    pub fn new(free: u32) -> Self {
        Self::with_capacity(free, CAPACITY)
    }

    /// The same, remembering at most `capacity` logins.
    pub fn with_capacity(free: u32, capacity: usize) -> Self {
        Self { free, capacity, hasher: RandomState::new(), logins: Mutex::default() }
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<u64, AccountThrottle>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SignInThrottle for MemorySignInThrottle {
    async fn attempt(&self, login: &Login, now: Timestamp) -> Decision {
        let key = self.hasher.hash_one(login.key());
        let mut logins = self.logins();
        if logins.len() >= self.capacity && !logins.contains_key(&key) {
            logins.retain(|_, throttle| !throttle.is_forgotten(now));
            if logins.len() >= self.capacity {
                return Decision::Refused { retry_after: Duration::from_secs(1) };
            }
        }
        match logins.entry(key).or_default().attempt(self.free, now) {
            Ok(()) => Decision::Allowed,
            Err(retry_after) => Decision::Refused { retry_after },
        }
    }

    async fn succeeded(&self, login: &Login) {
        self.logins().remove(&self.hasher.hash_one(login.key()));
    }
}

/// Slows nobody: what `LIMITS_ENABLED=false` puts in the throttle's place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unthrottled;

#[async_trait]
impl SignInThrottle for Unthrottled {
    async fn attempt(&self, _: &Login, _: Timestamp) -> Decision {
        Decision::Allowed
    }

    async fn succeeded(&self, _: &Login) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_logins_is_bounded_and_passes_nobody_uncounted() {
        let throttle = MemorySignInThrottle::with_capacity(5, 10);
        let login = |n: u32| Login::parse(&format!("user{n}")).unwrap();
        let now = Timestamp::from_millis(1_000);
        for n in 0..10 {
            assert_eq!(throttle.attempt(&login(n), now).await, Decision::Allowed);
        }
        assert!(matches!(throttle.attempt(&login(10), now).await, Decision::Refused { .. }));
        assert_eq!(throttle.attempt(&login(3), now).await, Decision::Allowed, "who is counted goes on");
        let later = now.plus(auth_entity::FORGOTTEN_AFTER);
        assert_eq!(throttle.attempt(&login(10), later).await, Decision::Allowed);
        assert_eq!(throttle.logins().len(), 1);
    }
}

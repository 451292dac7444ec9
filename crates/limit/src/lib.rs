//! How often something may be done: rules, the port that applies them, and the limiter of one process.

mod address;
mod keys;
mod local;

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;

pub use address::address_key;
pub use local::{LocalLimiter, Unlimited};

/// At most `amount` in each `window` for one key, of which `burst` may come at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Names the rule in metrics and in a shared limiter's keys; unique in a process.
    pub name: &'static str,
    /// How many in a window.
    pub amount: NonZeroU32,
    /// The window's length.
    pub window: Duration,
    /// How many at once.
    pub burst: NonZeroU32,
}

impl Rule {
    /// A rule whose burst is the whole window's amount. An amount of 0 counts as 1.
    pub fn new(name: &'static str, amount: u32, window: Duration) -> Self {
        Self::with_burst(name, amount, window, amount)
    }

    /// A rule with a burst of its own. An amount or a burst of 0 counts as 1.
    pub fn with_burst(name: &'static str, amount: u32, window: Duration, burst: u32) -> Self {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self { name, amount: at_least_one(amount), window, burst: at_least_one(burst) }
    }
}

/// What a limiter says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Go on; it has been counted.
    Allowed,
    /// Not now; it has not been counted.
    Refused {
        /// When one more will be allowed, if nothing else happens until then.
        retry_after: Duration,
    },
}

/// Counts what each key does and says when it is too much.
///
/// An implementation MUST bound its memory whatever keys it is given, and MUST NOT fail open: when a shared
/// counter is out of reach it decides by a local one.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts one action of `key` under `rule`.
    async fn check(&self, rule: &Rule, key: &str) -> Decision;
}

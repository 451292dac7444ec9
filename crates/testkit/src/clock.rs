//! A clock that a test turns.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kernel::{Clock, SystemClock, Timestamp};

/// The system's clock plus what a test has added.
#[derive(Default)]
pub struct FakeClock {
    added_ms: AtomicI64,
}

impl FakeClock {
    /// Turns the clock forward.
    pub fn forward(&self, by: Duration) {
        self.added_ms.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.added_ms.load(Ordering::SeqCst))
    }
}

//! Waiting for what a test wants to see, and no longer.

use std::time::{Duration, Instant};

/// How long anything may take before a test fails: generous, because machines are busy, and never waited out when all is
/// well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until the answer is there.
///
/// # Panics
/// When it is not there in time; `what` says what was waited for.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

//! The turn of this process's own subscribers: what is published goes to other processes when they have had it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// A turn, or none. Turns that overlap are one, and end with the first of them: to be too early costs little.
pub(super) struct Ours {
    patience: Duration,
    /// Whether it is theirs.
    turn: watch::Sender<bool>,
}

impl Ours {
    /// Turns of at most this length.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, turn: watch::Sender::new(false) }
    }

    /// It begins.
    pub(super) fn begin(&self) {
        // Who waits for its end is not woken by others that join in.
        self.turn.send_if_modified(|is_on| !std::mem::replace(is_on, true));
    }

    /// It is over, if there was one.
    pub(super) fn end(&self) {
        self.turn.send_if_modified(std::mem::take);
    }

    /// Returns when it is over, or took too long.
    pub(super) async fn ended(&self) {
        let _ = timeout(self.patience, self.turn.subscribe().wait_for(|is_on| !is_on)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::time::Instant;

    const PATIENCE: Duration = Duration::from_millis(2);

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_took_too_long_does_not_end_the_next_one() {
        let (ours, begun) = (Ours::new(PATIENCE), Instant::now());
        ours.begin();
        ours.ended().await;
        assert_eq!(begun.elapsed(), PATIENCE);
        // Only now are they done.
        ours.end();
        for _ in 0..3 {
            ours.begin();
            let mut ended = Box::pin(ours.ended());
            assert!((&mut ended).now_or_never().is_none(), "they have had no turn yet");
            ours.end();
            ended.await;
            assert_eq!(begun.elapsed(), PATIENCE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_was_done_before_others_waited_keeps_nobody_waiting() {
        let (ours, begun) = (Ours::new(PATIENCE), Instant::now());
        ours.begin();
        ours.end();
        ours.ended().await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

//! How the questions of a round of reconciliation follow each other: spread over the time that a round has, so that none
//! of them keeps more than a moment from whoever waits for the store or the core; or at once.

use std::time::Duration;

use tokio::time::Instant;

use super::fanout::Missed;

/// When the next question may be asked.
pub(super) struct Pace<'m>(Option<Round<'m>>);

struct Round<'m> {
    pause: Duration,
    ends_at: Instant,
    missed: &'m Missed,
}

impl<'m> Pace<'m> {
    /// Without a pause.
    pub(super) const AT_ONCE: Pace<'static> = Pace(None);

    /// A round of so many questions that takes so long; without a pause once something may have been missed.
    pub(super) fn of(round: Duration, questions: usize, missed: &'m Missed) -> Self {
        let questions = u32::try_from(questions).unwrap_or(u32::MAX).max(1);
        Self(Some(Round { pause: round / questions, ends_at: Instant::now() + round, missed }))
    }

    /// Returns when it is time for the next question.
    pub(super) async fn next(&self) {
        if let Some(round) = &self.0 {
            round.wait_until(Instant::now() + round.pause).await;
        }
    }

    /// Returns when the round is over, however few were asked: a store that does not answer is not asked all the time.
    pub(super) async fn end(self) {
        if let Some(round) = &self.0 {
            round.wait_until(round.ends_at).await;
        }
    }
}

impl Round<'_> {
    async fn wait_until(&self, time: Instant) {
        if !self.missed.has_happened() {
            tokio::select! {
                () = tokio::time::sleep_until(time) => {}
                () = self.missed.wake.notified() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn the_questions_of_a_round_are_spread_over_its_time() {
        let missed = Missed::default();
        let (pace, begun) = (Pace::of(ROUND, 4, &missed), Instant::now());
        let mut asked = Vec::new();
        for _ in 0..4 {
            pace.next().await;
            asked.push(begun.elapsed().as_millis());
        }
        assert_eq!(asked, [500, 1_000, 1_500, 2_000]);
        pace.end().await;
        assert_eq!(begun.elapsed(), ROUND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_takes_its_time_also_when_little_was_asked() {
        let missed = Missed::default();
        for questions in [0, 4] {
            let (pace, begun) = (Pace::of(ROUND, questions, &missed), Instant::now());
            if questions > 0 {
                pace.next().await;
            }
            pace.end().await;
            assert_eq!(begun.elapsed(), ROUND, "{questions}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn once_something_may_have_been_missed_nothing_waits() {
        let missed = Missed::default();
        let (pace, begun) = (Pace::of(ROUND, 4, &missed), Instant::now());
        let mut asked = Vec::new();
        for question in 1..=4 {
            tokio::join!(pace.next(), async {
                if question == 2 {
                    missed.note();
                }
            });
            asked.push(begun.elapsed().as_millis());
        }
        assert_eq!(asked, [500, 500, 500, 500]);
        pace.end().await;
        Pace::AT_ONCE.next().await;
        Pace::AT_ONCE.end().await;
        assert_eq!(begun.elapsed(), Duration::from_millis(500));
    }
}

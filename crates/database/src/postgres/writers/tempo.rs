//! Whether a batch is worth waiting for.

use std::time::Duration;

use tokio::time::Instant;

/// Over how long entries are counted.
const WINDOW: Duration = Duration::from_millis(100);
/// Entries in a second from which on two are better written together: each commit costs the server some 100 µs beside its
/// entries. One who sends and waits for the answer comes near that where nobody's rate is limited, and nowhere else.
const BUSY: f64 = 500.0;
/// A batch of fewer is no company that would come back together.
const COMPANY: usize = 4;

/// What came lately.
pub(super) struct Tempo {
    since: Instant,
    entries: usize,
    is_busy: bool,
    before: usize,
}

impl Tempo {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, entries: 0, is_busy: false, before: 0 }
    }

    /// Notes a batch.
    pub(super) fn note(&mut self, entries: usize, now: Instant) {
        self.before = entries;
        self.entries += entries;
        let elapsed = now - self.since;
        if elapsed >= WINDOW {
            self.is_busy = self.entries as f64 >= BUSY * elapsed.as_secs_f64();
            (self.since, self.entries) = (now, 0);
        }
    }

    /// How many should be in the next batch, so that fewer are worth a moment's wait. Those who were answered together come back
    /// together, a little apart; without this a large batch falls into small ones, each of which costs a commit.
    pub(super) fn wanted(&self) -> usize {
        match self.before {
            before if self.is_busy => before.max(2),
            before if before >= COMPANY => before,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted after batches of so many, that far apart.
    fn wanted_after(batches: usize, entries: usize, apart: Duration) -> usize {
        let begun = Instant::now();
        let mut tempo = Tempo::new(begun);
        (1..=batches).for_each(|number| tempo.note(entries, begun + apart * u32::try_from(number).unwrap()));
        tempo.wanted()
    }

    #[test]
    fn nobody_is_held_up_while_little_comes() {
        let apart = Duration::from_millis(5);
        assert_eq!(wanted_after(0, 0, apart), 1);
        assert_eq!(wanted_after(100, 1, apart), 1);
        assert_eq!(wanted_after(100, 2, apart), 1, "two who met by chance");
    }

    #[test]
    fn where_much_comes_a_batch_has_company() {
        assert_eq!(wanted_after(100, 1, Duration::from_millis(1)), 2);
        assert_eq!(wanted_after(100, 30, Duration::from_millis(2)), 30);
    }

    #[test]
    fn those_who_came_together_are_expected_together_at_once() {
        assert_eq!(wanted_after(1, 10, Duration::from_millis(1)), 10);
    }

    #[test]
    fn a_pause_is_the_end_of_it() {
        let begun = Instant::now();
        let mut tempo = Tempo::new(begun);
        (1..=200).for_each(|number| tempo.note(1, begun + Duration::from_millis(number)));
        assert_eq!(tempo.wanted(), 2);
        tempo.note(1, begun + Duration::from_secs(5));
        assert_eq!(tempo.wanted(), 1);
    }
}

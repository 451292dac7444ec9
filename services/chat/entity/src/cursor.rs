//! How a client that comes back goes on: the rule behind `start` (I7).

use crate::Seq;

/// What the server knows of a room when a client comes back to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The room's latest event.
    pub head: Seq,
    /// The earliest event that is still kept.
    pub first_kept: Seq,
    /// Missed events that are replayed at most.
    pub max_replay: u64,
}

/// How the room goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResumeMode {
    /// Nothing was missed, or the client has nothing.
    Live,
    /// The missed events follow.
    Replay,
    /// Too many were missed; the client pages them, and live events flow at once.
    Resync,
    /// What the client has is not of this log.
    Reset,
}

/// The answer: a mode and the first event that follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resume {
    /// How.
    pub mode: ResumeMode,
    /// From where.
    pub from: Seq,
}

impl Standing {
    /// Decides for a client whose last event is `cursor`; `None` when it has none. `same_epoch` says whether the cursor
    /// belongs to this store's history.
    pub fn resume(&self, cursor: Option<Seq>, same_epoch: bool) -> Resume {
        let live_from = self.head.next();
        let Some(cursor) = cursor else {
            return Resume { mode: ResumeMode::Live, from: live_from };
        };
        let mode = if !same_epoch || cursor > self.head || cursor.next() < self.first_kept {
            ResumeMode::Reset
        } else if cursor == self.head {
            ResumeMode::Live
        } else if self.head.get() - cursor.get() > self.max_replay {
            ResumeMode::Resync
        } else {
            return Resume { mode: ResumeMode::Replay, from: cursor.next() };
        };
        Resume { mode, from: live_from }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standing(head: u64, first_kept: u64) -> Standing {
        Standing { head: Seq::new(head), first_kept: Seq::new(first_kept), max_replay: 1_000 }
    }

    #[test]
    fn each_mode_has_its_case() {
        for (cursor, same_epoch, mode, from) in [
            (None, true, ResumeMode::Live, 2_001),
            (Some(2_000), true, ResumeMode::Live, 2_001),
            (Some(1_999), true, ResumeMode::Replay, 2_000),
            (Some(1_000), true, ResumeMode::Replay, 1_001),
            (Some(999), true, ResumeMode::Resync, 2_001),
            (Some(499), true, ResumeMode::Resync, 2_001),
            (Some(498), true, ResumeMode::Reset, 2_001),
            (Some(2_001), true, ResumeMode::Reset, 2_001),
            (Some(2_000), false, ResumeMode::Reset, 2_001),
            (None, false, ResumeMode::Live, 2_001),
        ] {
            let resume = standing(2_000, 500).resume(cursor.map(Seq::new), same_epoch);
            assert_eq!((resume.mode, resume.from.get()), (mode, from), "{cursor:?} {same_epoch}");
        }
    }

    proptest! {
        #[test]
        fn there_is_never_a_silent_hole(head in 0..5_000_u64, cursor in 0..6_000_u64, kept in 1..100_u64) {
            let resume = standing(head, kept).resume(Some(Seq::new(cursor)), true);
            match resume.mode {
                ResumeMode::Live => prop_assert_eq!(cursor, head),
                ResumeMode::Replay => {
                    prop_assert_eq!(resume.from.get(), cursor + 1);
                    prop_assert!(resume.from.get() >= kept && head - cursor <= 1_000);
                }
                ResumeMode::Resync | ResumeMode::Reset => prop_assert_eq!(resume.from.get(), head + 1),
            }
        }
    }
}

//! The sessions that this process knows to have ended, without asking anybody; bounded in time and number.

use std::collections::{HashMap, VecDeque};

use kernel::{SessionId, Timestamp};

/// Tombstones at most, some 100 bytes each. Beyond it the oldest are forgotten: Redis has them as well by then.
const CAPACITY: usize = 100_000;

/// Remembers each for the same time, so that the order in which they came is the order in which they go.
pub(super) struct Tombstones {
    until: HashMap<SessionId, Timestamp>,
    order: VecDeque<(SessionId, Timestamp)>,
    capacity: usize,
}

impl Default for Tombstones {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Tombstones {
    fn with_capacity(capacity: usize) -> Self {
        Self { until: HashMap::new(), order: VecDeque::new(), capacity }
    }

    /// Remembers one until a time that is not before that of any other.
    pub(super) fn add(&mut self, id: SessionId, now: Timestamp, until: Timestamp) {
        self.until.insert(id, until);
        self.order.push_back((id, until));
        while self.order.len() > self.capacity || self.order.front().is_some_and(|(_, until)| *until <= now) {
            let Some((id, until)) = self.order.pop_front() else { break };
            // One that was set again stands further back in the line, too.
            if self.until.get(&id) == Some(&until) {
                self.until.remove(&id);
            }
        }
    }

    /// Whether the session is known to have ended.
    pub(super) fn has(&self, id: SessionId, now: Timestamp) -> bool {
        self.until.get(&id).is_some_and(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_tombstone_is_known_until_its_time_and_then_forgotten() {
        let mut tombstones = Tombstones::default();
        let (one, other) = (SessionId::new(), SessionId::new());
        tombstones.add(one, at(0), at(600));
        assert!(tombstones.has(one, at(599)) && !tombstones.has(one, at(600)) && !tombstones.has(other, at(0)));
        tombstones.add(other, at(600), at(1_200));
        assert_eq!(tombstones.until.len(), 1, "what has had its time is removed");
    }

    #[test]
    fn one_that_is_set_again_outlasts_its_first_time() {
        let mut tombstones = Tombstones::default();
        let (one, other) = (SessionId::new(), SessionId::new());
        tombstones.add(one, at(0), at(600));
        tombstones.add(one, at(300), at(900));
        tombstones.add(other, at(700), at(1_300));
        assert!(tombstones.has(one, at(700)));
    }

    #[test]
    fn of_too_many_the_oldest_go() {
        let mut tombstones = Tombstones::with_capacity(10);
        let ids: Vec<_> = (0..25).map(|_| SessionId::new()).collect();
        for id in &ids {
            tombstones.add(*id, at(0), at(600));
        }
        assert_eq!((tombstones.until.len(), tombstones.order.len()), (10, 10));
        assert!(ids[15..].iter().all(|id| tombstones.has(*id, at(1))));
    }
}

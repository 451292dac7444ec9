//! Where the client is in each room's log: what makes every event come once, in order, without a gap.

use std::collections::{HashMap, HashSet, VecDeque};

use contract::frames::{Mode, RoomEntry};
use kernel::RoomId;

use super::OnResync;

/// What an event's place says about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It is the next one.
    Next,
    /// It is told already, or will be when what is before it has been fetched.
    NotNow,
}

/// What is to be done about a room that the server has just told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// It goes on.
    GoesOn,
    /// The events of these places will not be told.
    Skipped { from: u64, to: u64 },
}

/// A page that is to be fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ToFetch {
    pub(super) room: RoomId,
    pub(super) after: u64,
    /// The last page had nothing new, so that the next one should wait a little.
    pub(super) is_in_vain: bool,
}

struct Place {
    /// The last event that was told.
    cursor: u64,
    /// An event that is known to be there; what is before it must be fetched first.
    known: u64,
    is_fetching: bool,
}

/// Where the client is in each room.
#[derive(Default)]
pub(super) struct Places {
    epoch: Option<String>,
    places: HashMap<RoomId, Place>,
    /// Rooms of which something must be fetched, in the order in which that was found; and whether the last page had
    /// nothing new.
    to_fetch: VecDeque<(RoomId, bool)>,
    /// The rooms that this connection has told of.
    told: HashSet<RoomId>,
}

impl Places {
    pub(super) fn new(epoch: Option<String>, cursors: HashMap<RoomId, u64>) -> Self {
        let place = |(room, cursor)| (room, Place { cursor, known: cursor, is_fetching: false });
        Self { epoch, places: cursors.into_iter().map(place).collect(), ..Self::default() }
    }

    /// A new connection: what was to be fetched will be told again by `start`.
    pub(super) fn begin(&mut self) {
        self.told.clear();
        self.to_fetch.clear();
        for place in self.places.values_mut() {
            (place.known, place.is_fetching) = (place.cursor, false);
        }
    }

    pub(super) fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }

    pub(super) fn set_epoch(&mut self, epoch: &str) {
        self.epoch = Some(epoch.to_owned());
    }

    pub(super) fn cursors(&self) -> HashMap<RoomId, u64> {
        self.places.iter().map(|(room, place)| (*room, place.cursor)).collect()
    }

    /// Takes in how a room goes on.
    pub(super) fn enter(&mut self, entry: &RoomEntry, on_resync: OnResync) -> Standing {
        let room = entry.room.id;
        self.told.insert(room);
        let before_next = entry.from_seq.saturating_sub(1);
        let place = self.places.entry(room);
        let is_new = matches!(place, std::collections::hash_map::Entry::Vacant(_));
        let place = place.or_insert(Place { cursor: before_next, known: before_next, is_fetching: false });
        if is_new || entry.mode == Mode::Reset {
            (place.cursor, place.known) = (before_next, before_next);
            return Standing::GoesOn;
        }
        // Everything up to here was missed and will not be sent.
        let missed_up_to = match entry.mode {
            Mode::Resync => entry.head_seq.max(before_next),
            Mode::Live | Mode::Replay | Mode::Reset => before_next,
        };
        if missed_up_to <= place.cursor {
            return Standing::GoesOn;
        }
        match on_resync {
            OnResync::Skip => {
                let from = place.cursor + 1;
                (place.cursor, place.known) = (missed_up_to, place.known.max(missed_up_to));
                Standing::Skipped { from, to: missed_up_to }
            }
            OnResync::FetchAll => {
                self.must_fetch(room, missed_up_to);
                Standing::GoesOn
            }
        }
    }

    /// Judges an event of the socket.
    pub(super) fn judge(&mut self, room: RoomId, seq: u64) -> Verdict {
        let place = self.places.entry(room).or_insert(Place {
            cursor: seq.saturating_sub(1),
            known: seq.saturating_sub(1),
            is_fetching: false,
        });
        if seq == place.cursor + 1 && place.known <= place.cursor {
            (place.cursor, place.known) = (seq, seq);
            return Verdict::Next;
        }
        if seq > place.cursor {
            self.must_fetch(room, seq);
        }
        Verdict::NotNow
    }

    /// Judges an event of a page that was fetched.
    pub(super) fn judge_fetched(&mut self, room: RoomId, seq: u64) -> Verdict {
        let Some(place) = self.places.get_mut(&room) else { return Verdict::NotNow };
        if seq == place.cursor + 1 {
            place.cursor = seq;
            return Verdict::Next;
        }
        Verdict::NotNow
    }

    fn must_fetch(&mut self, room: RoomId, up_to: u64) {
        let Some(place) = self.places.get_mut(&room) else { return };
        place.known = place.known.max(up_to);
        if !place.is_fetching {
            place.is_fetching = true;
            self.to_fetch.push_back((room, false));
        }
    }

    /// The next page that is to be fetched.
    pub(super) fn next_to_fetch(&mut self) -> Option<ToFetch> {
        loop {
            let (room, is_in_vain) = self.to_fetch.pop_front()?;
            if let Some(place) = self.places.get(&room).filter(|place| place.is_fetching) {
                return Some(ToFetch { room, after: place.cursor, is_in_vain });
            }
        }
    }

    /// A page has been told, which had something new or not: go on fetching, or be done.
    pub(super) fn fetched(&mut self, room: RoomId, head: u64, had_news: bool) {
        let Some(place) = self.places.get_mut(&room) else { return };
        // What the socket has told of and the page does not have yet is fetched next.
        if place.known.max(head) > place.cursor {
            self.to_fetch.push_back((room, !had_news));
        } else {
            (place.known, place.is_fetching) = (place.cursor, false);
        }
    }

    /// A page did not come: it is to be fetched again.
    pub(super) fn not_fetched(&mut self, room: RoomId) {
        self.to_fetch.push_back((room, false));
    }

    /// What is missing cannot be had: gives the events that will not be told.
    pub(super) fn give_up(&mut self, room: RoomId) -> Option<(u64, u64)> {
        let place = self.places.get_mut(&room)?;
        let lost = (place.known > place.cursor).then(|| (place.cursor + 1, place.known));
        (place.cursor, place.is_fetching) = (place.known, false);
        lost
    }

    /// Events before this place are not kept any more; gives those that will not be told.
    pub(super) fn trimmed(&mut self, room: RoomId, first: u64) -> Option<(u64, u64)> {
        let place = self.places.get_mut(&room)?;
        let last_lost = first.saturating_sub(1);
        let lost = (last_lost > place.cursor).then(|| (place.cursor + 1, last_lost));
        place.cursor = place.cursor.max(last_lost);
        self.to_fetch.push_back((room, false));
        lost
    }

    /// Forgets a room; `false` when it was not known.
    pub(super) fn leave(&mut self, room: RoomId) -> bool {
        self.told.remove(&room);
        self.places.remove(&room).is_some()
    }

    /// All rooms have been told: gives those that one is not in any more.
    pub(super) fn leave_untold(&mut self) -> Vec<RoomId> {
        let left: Vec<RoomId> = self.places.keys().filter(|room| !self.told.contains(room)).copied().collect();
        for room in &left {
            self.places.remove(room);
        }
        left
    }

    /// Whether nothing is to be fetched.
    pub(super) fn is_complete(&self) -> bool {
        self.places.values().all(|place| !place.is_fetching)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What may happen to the client of one room.
    #[derive(Clone, Debug)]
    enum Happening {
        /// The log grows, and the socket tells it so often: never, once, twice.
        Grows { told: usize },
        /// The socket tells an old event again.
        Again(u64),
        /// A page that was asked for comes, with so many events at most.
        Page(u64),
        /// The connection is made again, and the rest is fetched.
        Reconnects,
    }

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            5 => (0..3usize).prop_map(|told| Happening::Grows { told }),
            1 => (1..50u64).prop_map(Happening::Again),
            3 => (1..5u64).prop_map(Happening::Page),
            1 => Just(Happening::Reconnects),
        ]
    }

    /// The room's client: what was told, and the page that is under way.
    struct Told {
        places: Places,
        room: RoomId,
        events: Vec<u64>,
        asked: Option<u64>,
    }

    impl Told {
        fn hear(&mut self, seq: u64) {
            if self.places.judge(self.room, seq) == Verdict::Next {
                self.events.push(seq);
            }
        }

        fn page(&mut self, head: u64, most: u64) {
            if self.asked.is_none() {
                self.asked = self.places.next_to_fetch().map(|next| next.after);
            }
            let Some(after) = self.asked.take() else { return };
            for seq in after + 1..=head.min(after + most) {
                if self.places.judge_fetched(self.room, seq) == Verdict::Next {
                    self.events.push(seq);
                }
            }
            self.places.fetched(self.room, head, true);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_lost_or_repeated_each_event_is_told_once_and_in_order(
            happenings in proptest::collection::vec(happening(), 0..200)
        ) {
            let room = RoomId::new();
            let mut told =
                Told { places: Places::new(None, [(room, 0)].into()), room, events: Vec::new(), asked: None };
            let mut head = 0;
            for happening in happenings {
                match happening {
                    Happening::Grows { told: times } => {
                        head += 1;
                        (0..times).for_each(|_| told.hear(head));
                    }
                    Happening::Again(seq) => told.hear(seq.min(head)),
                    Happening::Page(most) => told.page(head, most),
                    Happening::Reconnects => {
                        told.places.begin();
                        told.asked = None;
                        let cursor = told.places.cursors()[&room];
                        for seq in cursor + 1..=head {
                            told.hear(seq);
                        }
                    }
                }
            }
            // In the end something is heard once more, and everything before it is fetched.
            head += 1;
            told.hear(head);
            while !told.places.is_complete() {
                told.page(head, 3);
            }
            prop_assert_eq!(told.events, (1..=head).collect::<Vec<_>>());
        }
    }
}

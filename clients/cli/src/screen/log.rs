//! A room's log as the screen keeps it: in the order of the room's clock, with what is not sent yet at the end, and never
//! without bound.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{MessageId, Timestamp};
use uuid::Uuid;

use super::entry::{Delivery, Entry, Message};

/// How many entries a log keeps. When more come, the oldest go, and `has_more_before` is set.
pub const MAX_ENTRIES: usize = 20_000;

/// Numbers for slots and their contents; of the whole program, so that those of two logs are never taken for each other.
static NEXT: AtomicU64 = AtomicU64::new(1);

fn number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An entry with what the screen recognises it by.
#[derive(Debug)]
pub(super) struct Slot {
    /// The same for as long as the entry is in the log, whatever becomes of it.
    pub(super) id: u64,
    /// Another one whenever the content changes: what was laid out under an older stamp is no longer true.
    pub(super) stamp: u64,
    pub(super) entry: Entry,
}

/// How a message is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// By its `client_msg_id`.
    Key(Uuid),
    /// By its number in the room.
    Seq(u64),
    /// By its id.
    Id(MessageId),
}

impl Find {
    fn is(self, message: &Message) -> bool {
        match self {
            Self::Key(key) => message.key == key,
            Self::Seq(seq) => message.seq == Some(seq),
            Self::Id(id) => message.id == Some(id),
        }
    }
}

/// The entries of one room: numbered ones by their number, notices where they were said, unsent messages last.
#[derive(Debug, Default)]
pub struct Log {
    slots: VecDeque<Slot>,
    /// Draws a line before the first entry with a greater number.
    pub unread_after: Option<u64>,
    /// Whether the server has more before the oldest entry here.
    pub has_more_before: bool,
    /// Whether older entries are being fetched.
    pub is_loading: bool,
}

impl Log {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry where it belongs. One with the number, or an unsent one with the key, of an entry that is here takes
    /// its place.
    pub fn push(&mut self, entry: Entry) {
        let mut id = number();
        if let Some(old) = self.same(&entry).and_then(|at| self.slots.remove(at)) {
            id = old.id;
        }
        let at = self.place(&entry);
        self.slots.insert(at, Slot { id, stamp: number(), entry });
        while self.slots.len() > MAX_ENTRIES {
            self.slots.pop_front();
            self.has_more_before = true;
        }
    }

    /// Adds a page of older entries, oldest first. What a full log has no room for is left out, the oldest first.
    pub fn prepend(&mut self, older: Vec<Entry>) {
        for entry in older.into_iter().rev() {
            let is_oldest = match (entry.seq(), self.first_seq()) {
                (Some(seq), Some(first)) => seq < first,
                (seq, first) => seq.is_some() && first.is_none(),
            };
            if !is_oldest {
                self.push(entry);
            } else if self.is_full() {
                self.has_more_before = true;
                return;
            } else {
                self.slots.push_front(Slot { id: number(), stamp: number(), entry });
            }
        }
    }

    /// Whether no older entries can be taken.
    pub fn is_full(&self) -> bool {
        self.slots.len() >= MAX_ENTRIES
    }

    /// Gives an unsent message what the server answered. `false` when there is none with this key.
    pub fn settle(&mut self, key: Uuid, id: MessageId, seq: u64, at: Timestamp) -> bool {
        let Some(position) = self.position(Find::Key(key)) else { return false };
        let Some(Entry::Message(message)) = self.slots.get(position).map(|slot| &slot.entry) else { return false };
        let settled = Message { id: Some(id), seq: Some(seq), at, delivery: Delivery::Done, ..message.clone() };
        self.push(Entry::Message(settled));
        true
    }

    /// Says how far a message has come. `false` when there is none with this key.
    pub fn set_delivery(&mut self, key: Uuid, delivery: Delivery) -> bool {
        self.update(Find::Key(key), |message| message.delivery = delivery)
    }

    /// Changes a message in place: not its number, for which there is [`settle`](Self::settle). `false` when it is not
    /// here.
    pub fn update(&mut self, find: Find, change: impl FnOnce(&mut Message)) -> bool {
        let Some(position) = self.position(find) else { return false };
        let Some(slot) = self.slots.get_mut(position) else { return false };
        if let Entry::Message(message) = &mut slot.entry {
            change(message);
            slot.stamp = number();
        }
        true
    }

    /// Takes a message out: one that will not be sent after all.
    pub fn remove(&mut self, find: Find) -> Option<Message> {
        match self.position(find).and_then(|at| self.slots.remove(at))?.entry {
            Entry::Message(message) => Some(message),
            Entry::Happening { .. } | Entry::Notice { .. } => None,
        }
    }

    /// Forgets what the server has told, as after a reset. What is not sent yet stays.
    pub fn clear(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        slots.retain(|slot| slot.entry.is_unsent());
        *self = Self { slots, ..Self::default() };
    }

    /// The message of this name.
    pub fn message(&self, find: Find) -> Option<&Message> {
        self.slots.get(self.position(find)?)?.entry.message()
    }

    /// The latest message of the user that is numbered and not deleted.
    pub fn latest_own(&self) -> Option<&Message> {
        self.latest(|message| message.is_own)
    }

    /// The latest message of somebody else that is not deleted.
    pub fn latest_of_others(&self) -> Option<&Message> {
        self.latest(|message| !message.is_own)
    }

    fn latest(&self, wanted: impl Fn(&Message) -> bool) -> Option<&Message> {
        let is_wanted = |message: &&Message| message.seq.is_some() && !message.deleted && wanted(message);
        self.slots.iter().rev().filter_map(|slot| slot.entry.message()).find(is_wanted)
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.slots.iter().map(|slot| &slot.entry)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The lowest number here.
    pub fn first_seq(&self) -> Option<u64> {
        self.entries().find_map(Entry::seq)
    }

    /// The highest number here.
    pub fn last_seq(&self) -> Option<u64> {
        self.entries().rev().find_map(Entry::seq)
    }

    pub(super) fn slot(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index)
    }

    /// Where the slot with this id is; looked for from the end, where people mostly are.
    pub(super) fn index_of(&self, id: u64) -> Option<usize> {
        self.slots.iter().rposition(|slot| slot.id == id)
    }

    /// Where the first entry with this number or a greater one is.
    pub(super) fn index_from(&self, seq: u64) -> Option<usize> {
        self.slots.iter().position(|slot| slot.entry.seq().is_some_and(|other| other >= seq))
    }

    /// The number of the nearest entry before this one that has a number.
    pub(super) fn seq_before(&self, index: usize) -> Option<u64> {
        self.slots.range(..index.min(self.slots.len())).rev().find_map(|slot| slot.entry.seq())
    }

    fn position(&self, find: Find) -> Option<usize> {
        self.slots.iter().rposition(|slot| slot.entry.message().is_some_and(|message| find.is(message)))
    }

    /// Where the entry is whose place this one takes.
    fn same(&self, entry: &Entry) -> Option<usize> {
        if let Some(message) = entry.message() {
            let unsent = self.slots.iter().rev().take_while(|slot| slot.entry.is_unsent()).count();
            let from = self.slots.len() - unsent;
            let is_it = |slot: &Slot| slot.entry.message().is_some_and(|other| other.key == message.key);
            if let Some(found) = self.slots.range(from..).position(is_it) {
                return Some(from + found);
            }
        }
        let seq = entry.seq()?;
        let not_before = |slot: &&Slot| slot.entry.seq().is_none_or(|other| other >= seq);
        let later = self.slots.iter().rev().take_while(not_before).count();
        let from = self.slots.len() - later;
        self.slots.range(from..).position(|slot| slot.entry.seq() == Some(seq)).map(|found| from + found)
    }

    /// Where an entry belongs that is not here.
    fn place(&self, entry: &Entry) -> usize {
        if entry.is_unsent() {
            return self.slots.len();
        }
        let mut place = self.slots.len() - self.slots.iter().rev().take_while(|slot| slot.entry.is_unsent()).count();
        let Some(seq) = entry.seq() else { return place };
        for index in (0..place).rev() {
            match self.slots.get(index).and_then(|slot| slot.entry.seq()) {
                Some(other) if other > seq => place = index,
                Some(_) => break,
                None => {}
            }
        }
        place
    }
}

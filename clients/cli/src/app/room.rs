//! One room as the screen knows it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use contract::chat::{PresenceStatus, Room};
use contract::frames::RoomEntry;
use kernel::{RoomId, UserId};
use tokio::time::Instant;
use uuid::Uuid;

use crate::screen::Log;
use crate::words;

/// Silence after which somebody does not write any more: the protocol's.
const TYPING_ENDS_AFTER: Duration = Duration::from_secs(6);

pub(super) struct RoomState {
    pub(super) id: RoomId,
    pub(super) name: String,
    pub(super) topic: Option<String>,
    /// Messages that were not read, and those of them that name one.
    pub(super) unread: u64,
    pub(super) mentions: u64,
    /// Up to where one has read, as far as the server knows.
    pub(super) read_seq: u64,
    /// Events up to here are in the counts that the server has told.
    pub(super) counted_up_to: u64,
    /// The latest event that is known to be there.
    pub(super) head_seq: u64,
    /// What is shown; while the room is on the screen, the view has it.
    pub(super) log: Log,
    /// Whether the newest page was asked for.
    pub(super) is_open: bool,
    /// Changes when the log begins again: a page that was asked for before that has no place in it.
    pub(super) edition: Uuid,
    typing: HashMap<UserId, (String, Instant)>,
    /// Who is here, by name; `None` while it is not known.
    pub(super) online: Option<HashMap<UserId, String>>,
    /// Names that have been seen here, for completion.
    seen: BTreeSet<String>,
}

impl RoomState {
    pub(super) fn new(entry: &RoomEntry) -> Self {
        let mut state = Self {
            id: entry.room.id,
            name: String::new(),
            topic: None,
            unread: 0,
            mentions: 0,
            read_seq: 0,
            counted_up_to: 0,
            head_seq: 0,
            log: Log::new(),
            is_open: false,
            edition: Uuid::new_v4(),
            typing: HashMap::new(),
            online: None,
            seen: BTreeSet::new(),
        };
        state.take(entry);
        state
    }

    /// What the server tells at each connection.
    pub(super) fn take(&mut self, entry: &RoomEntry) {
        self.describe(&entry.room);
        (self.unread, self.mentions) = (entry.unread, entry.mentions);
        self.read_seq = entry.read_seq;
        self.counted_up_to = entry.head_seq;
        self.head_seq = self.head_seq.max(entry.head_seq);
    }

    pub(super) fn describe(&mut self, room: &Room) {
        self.name = words::room_name(room);
        self.topic = room.topic.clone().or_else(|| room.title.clone());
    }

    /// Takes note of a name.
    pub(super) fn see(&mut self, name: &str) {
        if !self.seen.contains(name) {
            self.seen.insert(name.to_owned());
        }
    }

    pub(super) fn known_names(&self) -> Vec<String> {
        self.seen.iter().cloned().collect()
    }

    /// Everything up to here has been read, on another device. If there is more, it is still unread, and how much of it was
    /// counted before the mark is not known.
    pub(super) fn read_up_to(&mut self, seq: u64) {
        self.read_seq = self.read_seq.max(seq);
        if self.read_seq >= self.head_seq {
            (self.unread, self.mentions) = (0, 0);
        }
    }

    pub(super) fn writes(&mut self, user: UserId, name: &str) {
        self.see(name);
        self.typing.insert(user, (name.to_owned(), Instant::now() + TYPING_ENDS_AFTER));
    }

    pub(super) fn stops_writing(&mut self, user: UserId) {
        self.typing.remove(&user);
    }

    pub(super) fn forget_typing(&mut self, now: Instant) {
        self.typing.retain(|_, (_, until)| *until > now);
    }

    pub(super) fn typing_ends(&self) -> Option<Instant> {
        self.typing.values().map(|(_, until)| *until).min()
    }

    pub(super) fn typing(&self) -> Vec<String> {
        let mut names: Vec<String> = self.typing.values().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn online_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.online.iter().flat_map(HashMap::values).cloned().collect();
        names.sort_unstable_by_key(|name| name.to_lowercase());
        names
    }

    /// Takes in that somebody came or went; `false` when their name is not known.
    pub(super) fn change_presence(&mut self, user: UserId, status: PresenceStatus) -> bool {
        let Some(online) = &mut self.online else { return true };
        if status == PresenceStatus::Offline {
            online.remove(&user);
            return true;
        }
        online.contains_key(&user)
    }
}

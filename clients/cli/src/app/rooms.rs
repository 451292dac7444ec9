//! The rooms that one is in, and which of them is on the screen.

use std::collections::HashMap;

use contract::frames::RoomEntry;
use kernel::RoomId;
use tokio::time::Instant;

use super::room::RoomState;
use crate::screen::RoomLine;
use crate::words;

/// The rooms that one is in.
#[derive(Default)]
pub(super) struct Rooms {
    /// The home room first, then by name.
    rooms: Vec<RoomState>,
    current: Option<RoomId>,
}

impl Rooms {
    pub(super) fn current(&self) -> Option<RoomId> {
        self.current
    }

    pub(super) fn set_current(&mut self, room: Option<RoomId>) {
        self.current = room;
    }

    pub(super) fn get(&mut self, room: RoomId) -> Option<&mut RoomState> {
        self.rooms.iter_mut().find(|state| state.id == room)
    }

    pub(super) fn current_room(&self) -> Option<&RoomState> {
        self.rooms.iter().find(|state| Some(state.id) == self.current)
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut RoomState> {
        self.rooms.iter_mut()
    }

    /// Takes in what the server tells of a room.
    pub(super) fn enter(&mut self, entry: &RoomEntry) {
        match self.get(entry.room.id) {
            Some(state) => state.take(entry),
            None => self.rooms.push(RoomState::new(entry)),
        }
        self.rooms.sort_by_cached_key(|room| (room.name != words::HOME, room.name.to_lowercase(), room.id));
    }

    /// Forgets a room, and gives its name.
    pub(super) fn leave(&mut self, room: RoomId) -> Option<String> {
        let at = self.rooms.iter().position(|state| state.id == room)?;
        Some(self.rooms.remove(at).name)
    }

    /// Where one goes when there is nowhere else to go.
    pub(super) fn home(&self) -> Option<RoomId> {
        self.rooms.first().map(|room| room.id)
    }

    /// The room that many places further down the list than the current one, round and round.
    pub(super) fn neighbour(&self, by: isize) -> Option<RoomId> {
        let at = self.rooms.iter().position(|room| Some(room.id) == self.current)?;
        let count = isize::try_from(self.rooms.len()).ok()?;
        let at = (isize::try_from(at).ok()? + by).rem_euclid(count);
        Some(self.rooms[usize::try_from(at).ok()?].id)
    }

    /// The room at this place of the list, from 1.
    pub(super) fn numbered(&self, number: usize) -> Option<RoomId> {
        self.rooms.get(number.checked_sub(1)?).map(|room| room.id)
    }

    pub(super) fn names(&self) -> HashMap<RoomId, String> {
        self.rooms.iter().map(|room| (room.id, room.name.clone())).collect()
    }

    pub(super) fn name(&self, room: RoomId) -> String {
        self.rooms.iter().find(|state| state.id == room).map_or_else(|| "?".to_owned(), |state| state.name.clone())
    }

    pub(super) fn lines(&self) -> Vec<RoomLine> {
        let line = |room: &RoomState| RoomLine {
            id: room.id,
            name: room.name.clone(),
            unread: room.unread,
            mentions: room.mentions,
            is_current: Some(room.id) == self.current,
        };
        self.rooms.iter().map(line).collect()
    }

    pub(super) fn forget_typing(&mut self, now: Instant) {
        self.rooms.iter_mut().for_each(|room| room.forget_typing(now));
    }

    /// When somebody in the current room does not write any more.
    pub(super) fn typing_ends(&self) -> Option<Instant> {
        self.current_room()?.typing_ends()
    }
}

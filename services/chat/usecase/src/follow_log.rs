//! What a node asks for its own sockets: parts of logs, which logs have grown, and who came or went.

use chat_entity::{Event, Seq};
use kernel::{RoomId, StoreError, UserId};

use crate::Chat;

impl Chat {
    /// The part of a log after a place, for sockets of members.
    pub async fn tail(&self, room: RoomId, after: Seq, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.ports.log.tail(room, after, limit).await
    }

    /// Which of these rooms have moved past the place that is known of each, and to where.
    pub async fn moved(&self, known: Vec<(RoomId, Seq)>) -> Result<Vec<(RoomId, Seq)>, StoreError> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        self.ports.log.moved(known).await
    }

    /// Which of these users have joined or left rooms since the number that is known of each, and the numbers now.
    pub async fn memberships_moved(&self, known: Vec<(UserId, u64)>) -> Result<Vec<(UserId, u64)>, StoreError> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        self.ports.rooms.memberships_moved(known).await
    }
}

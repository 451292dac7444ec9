//! What a node asks for its own sockets: parts of logs, and which logs have grown.

use chat_entity::{Event, Seq};
use kernel::{RoomId, StoreError};

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
}

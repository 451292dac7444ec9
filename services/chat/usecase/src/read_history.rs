//! Reading what was said: the timeline, and the raw log.

use chat_entity::{Event, Seq};
use kernel::{Principal, RoomId, StoreError};
use thiserror::Error;

use crate::Chat;
use crate::port::{Access, History, Window};

/// Why a caller may not read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no such room, or none that the caller may know of.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The caller is not in the room.
    #[error("the caller is not a member of the room")]
    NotAMember,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<T> Access<T> {
    pub(crate) fn granted(self) -> Result<T, ReadError> {
        match self {
            Self::Granted(found) => Ok(found),
            Self::NotAMember => Err(ReadError::NotAMember),
            Self::NoSuchRoom => Err(ReadError::NoSuchRoom),
        }
    }
}

impl Chat {
    /// A part of a room's timeline, each message as it stands now.
    pub async fn history(
        &self,
        caller: &Principal,
        room: RoomId,
        window: Window,
        limit: u32,
    ) -> Result<History, ReadError> {
        self.ports.log.history(caller.user_id, room, window, limit).await?.granted()
    }

    /// A part of a room's raw log, and its head at that moment.
    pub async fn events_after(
        &self,
        caller: &Principal,
        room: RoomId,
        after: Seq,
        limit: u32,
    ) -> Result<(Vec<Event>, Seq), ReadError> {
        self.ports.log.events_after(caller.user_id, room, after, limit).await?.granted()
    }
}

//! Going out of a room.

use kernel::{Principal, RoomId, StoreError};
use thiserror::Error;

use crate::Chat;
use crate::port::Left;

/// Why a caller did not go.
#[derive(Debug, Error)]
pub enum LeaveRoomError {
    /// There is no such room, or none that the caller may know of.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The caller was not in.
    #[error("the caller is not a member of the room")]
    NotAMember,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// Takes the caller out of a room.
    pub async fn leave_room(&self, caller: &Principal, room: RoomId) -> Result<(), LeaveRoomError> {
        match self.ports.rooms.leave(caller.user_id, room, self.ports.clock.now()).await? {
            Left::Done => Ok(()),
            Left::NotAMember => Err(LeaveRoomError::NotAMember),
            Left::NoSuchRoom => Err(LeaveRoomError::NoSuchRoom),
        }
    }
}

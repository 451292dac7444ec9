//! Coming into a room.

use chat_entity::Room;
use kernel::{Principal, RoomId, StoreError};
use thiserror::Error;

use crate::port::{Join, Joined};
use crate::{Chat, WelcomeError};

/// Why a caller did not come in.
#[derive(Debug, Error)]
pub enum JoinRoomError {
    /// There is no such room, or none that the caller may know of.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The room is closed.
    #[error("the room is archived")]
    Archived,
    /// The caller is in as many rooms as one may be.
    #[error("the caller is in too many rooms")]
    TooManyRooms,
    /// The caller could not be met.
    #[error(transparent)]
    Welcome(#[from] WelcomeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// Brings the caller into a room; who is in already stays, and nothing happens.
    pub async fn join_room(&self, caller: &Principal, room: RoomId) -> Result<Room, JoinRoomError> {
        self.welcome(caller).await?;
        let at = self.ports.clock.now();
        let join = Join { user: caller.user_id, room, at, max_rooms: self.rules.max_rooms };
        match self.ports.rooms.join(join).await? {
            Joined::New(room) | Joined::Already(room) => Ok(*room),
            Joined::Archived => Err(JoinRoomError::Archived),
            Joined::TooManyRooms => Err(JoinRoomError::TooManyRooms),
            Joined::NoSuchRoom => Err(JoinRoomError::NoSuchRoom),
        }
    }
}

//! The public directory, and looking at one room.

use chat_entity::{Membership, Room};
use kernel::{Principal, RoomId, StoreError};
use thiserror::Error;

use crate::port::{Place, RoomPage};
use crate::{Chat, WelcomeError};

/// Why a room is not shown.
#[derive(Debug, Error)]
pub enum FindRoomError {
    /// There is no such room, or none that the caller may know of.
    #[error("there is no such room")]
    NoSuchRoom,
    /// The caller could not be met.
    #[error(transparent)]
    Welcome(#[from] WelcomeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// One room and the caller's membership of it.
    pub async fn room(&self, caller: &Principal, room: RoomId) -> Result<(Room, Option<Membership>), FindRoomError> {
        self.welcome(caller).await?;
        self.ports.rooms.find(caller.user_id, room).await?.ok_or(FindRoomError::NoSuchRoom)
    }

    /// The public rooms: by a prefix of name or title, by the exact name, or all.
    pub async fn directory(
        &self,
        caller: &Principal,
        query: Option<String>,
        name: Option<String>,
        after: Option<Place>,
        limit: u32,
    ) -> Result<RoomPage<Room>, FindRoomError> {
        self.welcome(caller).await?;
        Ok(self.ports.rooms.directory(query, name, after, limit).await?)
    }
}

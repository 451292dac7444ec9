//! Making a room.

use std::time::Duration;

use chat_entity::{NewRoom, Room};
use kernel::{Principal, RoomId, StoreError};
use limit::Decision;
use thiserror::Error;

use crate::port::{Created, Creation, IdempotencyKey};
use crate::{Chat, WelcomeError};

/// What a caller wants to have made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRequest {
    /// The room.
    pub room: NewRoom,
    /// Makes a repeat recognisable.
    pub idempotency: Option<IdempotencyKey>,
}

/// Why a room was not made.
#[derive(Debug, Error)]
pub enum CreateRoomError {
    /// A public room has the name.
    #[error("the name is taken")]
    NameTaken,
    /// The caller is in as many rooms as one may be.
    #[error("the caller is in too many rooms")]
    TooManyRooms,
    /// The idempotency key belongs to another body.
    #[error("the idempotency key was used for another body")]
    KeyReused,
    /// Too many at once.
    #[error("too many rooms")]
    RateLimited {
        /// When the next may come.
        retry_after: Duration,
    },
    /// The caller could not be met.
    #[error(transparent)]
    Welcome(#[from] WelcomeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// Makes a room; the caller is its owner.
    pub async fn create_room(&self, caller: &Principal, request: RoomRequest) -> Result<Room, CreateRoomError> {
        self.welcome(caller).await?;
        let limits = &self.ports.limits;
        if let Decision::Refused { retry_after } =
            limits.check(&self.rules.create_rate, &caller.user_id.to_string()).await
        {
            return Err(CreateRoomError::RateLimited { retry_after });
        }
        let creation = Creation {
            id: RoomId::new(),
            owner: caller.user_id,
            room: request.room,
            at: self.ports.clock.now(),
            idempotency: request.idempotency,
            max_rooms: self.rules.max_rooms,
        };
        match self.ports.rooms.create(creation).await? {
            Created::New(room) | Created::Repeated(room) => Ok(*room),
            Created::KeyReused => Err(CreateRoomError::KeyReused),
            Created::NameTaken => Err(CreateRoomError::NameTaken),
            Created::TooManyRooms => Err(CreateRoomError::TooManyRooms),
        }
    }
}

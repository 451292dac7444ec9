//! Coming into a room.

use std::time::Duration;

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
    /// Too often.
    #[error("too many rooms joined and left")]
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
    /// Brings the caller into a room; who is in already stays, and nothing happens.
    pub async fn join_room(&self, caller: &Principal, room: RoomId) -> Result<Room, JoinRoomError> {
        self.welcome(caller).await?;
        self.check_rate(self.rules.membership_rate.as_ref(), caller.user_id)
            .map_err(|retry_after| JoinRoomError::RateLimited { retry_after })?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, caller, profile};
    use limit::Rule;

    #[tokio::test]
    async fn beyond_the_rate_the_store_is_not_asked() {
        let mut fixture = Fixture::default();
        fixture.rules.membership_rate = Some(Rule::new("memberships", 1, Duration::from_secs(3_600)));
        fixture.people.expect_find().returning(|user| Ok(Some(profile(user, "ada"))));
        fixture.rooms.expect_join().times(1).returning(|_| Ok(Joined::NoSuchRoom));
        let (chat, caller) = (fixture.chat(), caller());
        let once = chat.join_room(&caller, RoomId::new()).await;
        assert!(matches!(once, Err(JoinRoomError::NoSuchRoom)));
        let again = chat.join_room(&caller, RoomId::new()).await;
        assert!(matches!(again, Err(JoinRoomError::RateLimited { .. })));
    }
}

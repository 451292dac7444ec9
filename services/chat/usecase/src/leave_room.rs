//! Going out of a room.

use std::time::Duration;

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
    /// Too often.
    #[error("too many rooms joined and left")]
    RateLimited {
        /// When the next may come.
        retry_after: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Chat {
    /// Takes the caller out of a room.
    pub async fn leave_room(&self, caller: &Principal, room: RoomId) -> Result<(), LeaveRoomError> {
        self.check_rate(self.rules.membership_rate.as_ref(), caller.user_id)
            .map_err(|retry_after| LeaveRoomError::RateLimited { retry_after })?;
        match self.ports.rooms.leave(caller.user_id, room, self.ports.clock.now()).await? {
            Left::Done => Ok(()),
            Left::NotAMember => Err(LeaveRoomError::NotAMember),
            Left::NoSuchRoom => Err(LeaveRoomError::NoSuchRoom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, caller};
    use limit::Rule;

    #[tokio::test]
    async fn beyond_the_rate_the_store_is_not_asked() {
        let mut fixture = Fixture::default();
        fixture.rules.membership_rate = Some(Rule::new("memberships", 1, Duration::from_secs(3_600)));

        fixture.rooms.expect_leave().times(1).returning(|_, _, _| Ok(Left::NoSuchRoom));
        let (chat, caller) = (fixture.chat(), caller());
        let once = chat.leave_room(&caller, RoomId::new()).await;
        assert!(matches!(once, Err(LeaveRoomError::NoSuchRoom)));
        let again = chat.leave_room(&caller, RoomId::new()).await;
        assert!(matches!(again, Err(LeaveRoomError::RateLimited { .. })));
    }
}

//! The rooms that the caller is in.

use kernel::Principal;

use crate::port::{MyRoom, Place, RoomPage};
use crate::{Chat, FindRoomError};

impl Chat {
    /// The caller's rooms, the one with the latest event first.
    pub async fn my_rooms(
        &self,
        caller: &Principal,
        after: Option<Place>,
        limit: u32,
    ) -> Result<RoomPage<MyRoom>, FindRoomError> {
        self.welcome(caller).await?;
        Ok(self.ports.rooms.mine(caller.user_id, after, limit).await?)
    }
}

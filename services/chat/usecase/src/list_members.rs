//! Who is in a room.

use kernel::{Principal, RoomId};

use crate::port::{MemberOf, Place, RoomPage};
use crate::{Chat, ReadError};

impl Chat {
    /// The members of a room that the caller is in.
    pub async fn members(
        &self,
        caller: &Principal,
        room: RoomId,
        after: Option<Place>,
        limit: u32,
    ) -> Result<RoomPage<MemberOf>, ReadError> {
        self.ports.rooms.members(caller.user_id, room, after, limit).await?.granted()
    }
}

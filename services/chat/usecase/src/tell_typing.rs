//! Showing that somebody writes.

use chat_entity::Profile;
use kernel::{Principal, RoomId};

use crate::port::Passing;
use crate::{Chat, FindRoomError, ReadError};

impl Chat {
    /// Tells a room's members that somebody writes there, or has stopped. Whether the user is in the room is for the
    /// caller to know.
    pub fn tell_typing(&self, user: Profile, room: RoomId, writes: bool) {
        let event = if writes { Passing::TypingStarted { room, user } } else { Passing::TypingStopped { room, user } };
        self.ports.passing.tell(event);
    }

    /// Whether the caller is in a room, or why not.
    pub async fn check_member(&self, caller: &Principal, room: RoomId) -> Result<(), ReadError> {
        match self.room(caller, room).await {
            Ok((_, Some(_))) => Ok(()),
            Ok((_, None)) => Err(ReadError::NotAMember),
            Err(FindRoomError::NoSuchRoom | FindRoomError::Welcome(_)) => Err(ReadError::NoSuchRoom),
            Err(FindRoomError::Store(error)) => Err(ReadError::Store(error)),
        }
    }
}

//! The rules of chat: rooms, members, messages and the log. No I/O, no waiting, no wire formats.

mod body;
mod cursor;
mod event;
mod member;
mod mention;
mod message;
mod presence;
mod room;
mod room_name;
mod seq;

pub use body::{BodyError, MessageBody};
pub use cursor::{Resume, ResumeMode, Standing};
pub use event::{Event, EventContent};
pub use member::{Membership, Profile, Role};
pub use mention::mentioned_names;
pub use message::{ClientMsgId, Draft, Format, Message};
pub use presence::PresenceStatus;
pub use room::{NewRoom, Room, RoomDetails, RoomDetailsError, RoomKind};
pub use room_name::{RoomName, RoomNameError};
pub use seq::Seq;

//! What chat does: one use case is one method of [`Chat`] in a file of its own, with the ports that it needs.

mod apply_profile;
mod chat;
mod create_room;
mod find_rooms;
mod follow_log;
mod join_room;
mod leave_room;
mod list_members;
mod list_presence;
mod mark_read;
mod my_rooms;
pub mod port;
mod post_message;
mod read_history;
mod set_presence;
mod start;
mod tell_presence;
mod tell_typing;
mod ticket;
mod welcome;

pub use chat::{Chat, ChatRules, Ports};
pub use create_room::{CreateRoomError, RoomRequest};
pub use find_rooms::FindRoomError;
pub use join_room::JoinRoomError;
pub use leave_room::LeaveRoomError;
pub use list_presence::{ListPresenceError, SomebodyHere};
pub use mark_read::MarkReadError;
pub use post_message::{PostMessageError, Posted};
pub use read_history::ReadError;
pub use set_presence::SetPresenceError;
pub use start::{Started, StartedRoom};
pub use ticket::TicketError;
pub use welcome::WelcomeError;

#[cfg(test)]
mod fixture;

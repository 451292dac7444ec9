//! What the use cases need of the outside, each in the words of the use case that needs it.

mod log;
mod passing;
mod people;
mod profiles;
mod rooms;
mod tickets;

pub use log::{Appended, Entry, History, Log, Window};
pub use passing::{Passing, PassingEvents};
pub use people::{People, Welcomed};
pub use profiles::{ProfileError, Profiles};
pub use rooms::{
    Access, Created, Creation, IdempotencyKey, Join, Joined, Left, Marked, MemberOf, MyRoom, Place, RoomPage,
    RoomStanding, Rooms,
};
pub use tickets::Tickets;

#[cfg(test)]
pub use {
    log::MockLog, passing::MockPassingEvents, people::MockPeople, profiles::MockProfiles, rooms::MockRooms,
    tickets::MockTickets,
};

//! What the use cases need of the outside, each in the words of the use case that needs it.

mod log;
mod passing;
mod people;
mod presence_leases;
mod profiles;
mod rooms;
mod tickets;

pub use log::{Appended, Entry, History, Log, Window};
pub use passing::{Passing, PassingEvents};
pub use people::{People, Welcomed};
pub use presence_leases::{LONGEST_LEASE, Lease, Presence, PresenceChange, PresenceLeases};
pub use profiles::{ProfileError, Profiles, VersionedProfile};
pub use rooms::{
    Access, Created, Creation, IdempotencyKey, Join, Joined, Left, Marked, MemberOf, MyRoom, Place, RoomPage,
    RoomStanding, Rooms, Standings,
};
pub use tickets::Tickets;

#[cfg(test)]
pub use {
    log::MockLog, passing::MockPassingEvents, people::MockPeople, presence_leases::MockPresenceLeases,
    profiles::MockProfiles, rooms::MockRooms, tickets::MockTickets,
};

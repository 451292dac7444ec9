//! What a single process keeps in its memory.

mod presence_leases;
mod tickets;

pub use presence_leases::MemoryPresenceLeases;
pub use tickets::MemoryTickets;

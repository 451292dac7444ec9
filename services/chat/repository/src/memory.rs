//! What a single process keeps in its memory.

mod tickets;

pub use tickets::MemoryTickets;

//! What all nodes remember together for a while, in Redis.

mod presence_leases;
mod tickets;

pub use presence_leases::RedisPresenceLeases;
pub use tickets::RedisTickets;

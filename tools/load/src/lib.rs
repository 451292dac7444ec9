//! The load generator: puts the load of many people on a server and says what it costs and how long they wait.
//!
//! It is one thread with all the sockets, so that it can have a core of its own and leave the other to the server.

pub mod arguments;
pub mod bench;
pub mod cold_start;
pub mod crowd;
pub mod deliveries;
pub mod figure;
pub mod fill;
pub mod frame;
pub mod glance;
pub mod long_log;
pub mod many_rooms;
pub mod pin;
pub mod place;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod servers;
pub mod sign_ins;
pub mod socket;
pub mod swarm;
pub mod watch;

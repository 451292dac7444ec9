//! The product as a fleet: the same tests as of one process, and those that need several nodes. Each test has two nodes of
//! each service and a database of its own, and each of its requests goes to any of the nodes.
//!
//! Not run again are `openapi`, as each service has a document of its own, and `reconcile` and `store_away`, which reach into
//! the embedded store: their twins are in `between_nodes` and in `../faults`.

#![allow(clippy::unwrap_used, reason = "in a test a panic is how one says that it failed")]

#[path = "../api/backpressure.rs"]
mod backpressure;
mod between_nodes;
#[path = "../api/golden.rs"]
mod golden;
#[path = "../api/limits.rs"]
mod limits;
#[path = "../api/membership_races.rs"]
mod membership_races;
#[path = "../api/messages.rs"]
mod messages;
#[path = "../api/presence.rs"]
mod presence;
#[path = "../api/profiles.rs"]
mod profiles;
mod races;
#[path = "../api/resume.rs"]
mod resume;
mod revocation;
#[path = "../api/rooms.rs"]
mod rooms;
mod server;
#[path = "../api/sessions.rs"]
mod sessions;
#[path = "../api/smoke.rs"]
mod smoke;
#[path = "../api/sockets.rs"]
mod sockets;
#[path = "../api/wrong_input/mod.rs"]
mod wrong_input;

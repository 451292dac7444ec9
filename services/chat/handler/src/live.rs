//! The WebSocket: how a socket comes to be, what it is told, and how it ends. Use cases know nothing of it.

mod add_room;
mod catch_up;
mod deliver;
mod drain;
pub mod envelope;
mod fanout;
mod frame;
mod guard;
mod incoming;
mod joined;
mod line;
#[cfg(feature = "measure")]
pub mod measure;
mod outbox;
mod pace;
mod presence;
mod reader;
mod reassembly;
mod reconcile;
mod requests;
mod settings;
mod shard;
mod socket;
mod start;
mod sweep;
mod typing;
mod upgrade;
mod wakefulness;
mod writes;

pub use fanout::Fanout;
pub use settings::LiveSettings;
pub use shard::{Live, Shard};
pub(crate) use upgrade::__path_open_socket;
pub use upgrade::open_socket;

//! The words that both services speak: ids, time, who is asking, and how a store fails.

mod clock;
mod id;
mod liveness;
mod principal;
#[cfg(feature = "schema")]
mod schema;
mod store_error;
mod timestamp;

pub use clock::{Clock, SystemClock};
pub use id::{ConnectionId, MessageId, RoomId, SessionId, UserId};
pub use liveness::{Fence, Liveness};
pub use principal::Principal;
pub use store_error::StoreError;
pub use timestamp::Timestamp;

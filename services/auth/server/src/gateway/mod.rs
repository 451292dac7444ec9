//! What the use cases reach that is not a store: a hash function, keys, the bus.

mod account_events;
mod argon2;
mod ed25519_pem;
mod jwt;
mod key_file;
mod keys;
mod live_session_check;
mod outbox_relay;
mod refresh_tokens;
mod session_events;

pub use account_events::{Bell, OutboxEvents};
pub use argon2::{Argon2Hasher, HashSettings};
pub use jwt::JwtMinter;
pub use keys::{Keys, KeysError};
pub use live_session_check::AuthLiveSessionCheck;
pub use outbox_relay::OutboxRelay;
pub use refresh_tokens::HmacRefreshTokens;
pub use session_events::BusSessionEvents;

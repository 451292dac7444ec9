//! What the use cases need from the outside. The comments are the contract: an implementation MUST keep to them, and
//! `auth-repository`'s contract suite holds each store to what it can see of it.

mod access_tokens;
mod account_events;
mod live_sessions;
mod outbox;
mod password_hasher;
mod refresh_tokens;
mod session_events;
mod sessions;
mod sign_in_throttle;
mod users;

use std::error::Error;

pub use access_tokens::{AccessToken, AccessTokens};
pub use account_events::AccountEvents;
pub use live_sessions::{Fence, LiveSessions, Liveness};
pub use outbox::{Message, Outbox, Waiting};
pub use password_hasher::{HashError, PasswordHasher, Verdict};
pub use refresh_tokens::RefreshTokens;
pub use session_events::{EndReason, SessionEvents};
pub use sessions::{EndOutcome, KnownSession, RotateOutcome, Sessions};
pub use sign_in_throttle::SignInThrottle;
pub use users::{Account, InsertOutcome, ReplaceOutcome, Users};

#[cfg(test)]
pub use access_tokens::MockAccessTokens;
#[cfg(test)]
pub use account_events::MockAccountEvents;
#[cfg(test)]
pub use live_sessions::MockLiveSessions;
#[cfg(test)]
pub use password_hasher::MockPasswordHasher;
#[cfg(test)]
pub use refresh_tokens::MockRefreshTokens;
#[cfg(test)]
pub use session_events::MockSessionEvents;
#[cfg(test)]
pub use sessions::MockSessions;
#[cfg(test)]
pub use sign_in_throttle::MockSignInThrottle;
#[cfg(test)]
pub use users::MockUsers;

/// What a gateway says when it fails in a way that nobody expects.
pub type Unexpected = Box<dyn Error + Send + Sync>;

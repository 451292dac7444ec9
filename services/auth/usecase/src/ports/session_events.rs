//! Telling the world that a session is dead, so that its sockets close.

use kernel::SessionId;

/// Why a session was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndReason {
    /// Its user ended it.
    SignedOut,
    /// Its refresh token came back after it had been replaced.
    RefreshReused,
}

/// Announces what happens to sessions.
///
/// An announcement is a hint: it MUST NOT block, and whoever needs to know asks the store now and then.
#[cfg_attr(test, mockall::automock)]
pub trait SessionEvents: Send + Sync {
    /// A session has ended. It is called after the store has committed that.
    fn ended(&self, session_id: SessionId, reason: EndReason);
}

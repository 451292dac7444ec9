//! The quick answer to each request's question: is this session live?

use async_trait::async_trait;
use kernel::{SessionId, Timestamp};

pub use kernel::{Fence, Liveness};

/// A bounded, forgetful memory of sessions. Whatever is lost from it, the store can answer (I18).
///
/// It never fails: an implementation that cannot reach its memory MUST answer `Unknown`.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait LiveSessions: Send + Sync {
    /// What is known. `Live` MUST NOT be older than a minute, which bounds what a revocation that got lost can do.
    async fn lookup(&self, id: SessionId, now: Timestamp) -> Liveness;

    /// Notes what the store has said: the session is live, at the latest until `until`. The fence MUST be from a
    /// look-up of this session that was made before the store was asked.
    ///
    /// It MUST set only where nothing is known, so that it cannot revive a session that was revoked after the store
    /// was asked; and it MUST do nothing when the memory may have lost such a revocation since the look-up.
    async fn fill(&self, id: SessionId, fence: Fence, now: Timestamp, until: Timestamp);

    /// Notes that a session has ended, which the store knows already. When this returns, every look-up that follows,
    /// on every node, MUST NOT be `Live`; and every one that reaches the memory MUST be `Ended`, for at least six
    /// minutes: longer than an access token lives. It MUST return within two seconds.
    async fn revoke(&self, id: SessionId, now: Timestamp);
}

//! The quick answer to each request's question: is this session live?

use async_trait::async_trait;
use kernel::{SessionId, Timestamp};

/// What is known about a session without asking the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liveness {
    /// It was live a moment ago and nobody has revoked it since.
    Live,
    /// It was revoked.
    Ended,
    /// Nothing is known: ask the store.
    Unknown,
}

/// A bounded, forgetful memory of sessions. Whatever is lost from it, the store can answer (I18).
///
/// It never fails: an implementation that cannot reach its memory MUST answer `Unknown`.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait LiveSessions: Send + Sync {
    /// What is known. `Live` MUST NOT be older than a minute, which bounds what a revocation that got lost can do.
    async fn lookup(&self, id: SessionId, now: Timestamp) -> Liveness;

    /// Notes what the store has said: the session is live, at the latest until `until`.
    ///
    /// It MUST set only where nothing is known, so that it cannot revive a session that was revoked after the store
    /// was asked.
    async fn fill(&self, id: SessionId, now: Timestamp, until: Timestamp);

    /// Notes that a session has ended. When this returns, every look-up that follows MUST be `Ended`, for at least six
    /// minutes: longer than an access token lives.
    async fn revoke(&self, id: SessionId, now: Timestamp);
}

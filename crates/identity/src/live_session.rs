//! Whether the session of a token still lives: the question that a signature cannot answer.

use async_trait::async_trait;
use kernel::SessionId;
use thiserror::Error;

/// What a session is to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionState {
    /// The request may go on.
    Live,
    /// The session is over, or there is none.
    Over,
    /// The account is disabled.
    AccountDisabled,
}

/// Nobody could say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("sessions could not be checked")]
pub struct Unavailable;

/// Knows which sessions live. It MUST answer `Over` from the moment at which whoever ended a session was told so (I16),
/// and MUST say that it cannot answer rather than guess.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait LiveSessionCheck: Send + Sync {
    /// What one session is.
    async fn check(&self, id: SessionId) -> Result<SessionState, Unavailable>;

    /// Those of these sessions that are over or whose account is disabled, and which of the two, in one question.
    async fn dead(&self, ids: &[SessionId]) -> Result<Vec<(SessionId, SessionState)>, Unavailable>;
}

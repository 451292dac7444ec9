//! What the services ask each other by HTTP, with a key that only they have. None of it is for clients.

use kernel::{SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// Sessions that one `POST /internal/v1/sessions` may ask about.
pub const MAX_SESSIONS: usize = 5_000;

/// The body of `POST /internal/v1/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSessions {
    /// Which sessions: at most [`MAX_SESSIONS`].
    pub ids: Vec<SessionId>,
}

/// The answer to `POST /internal/v1/sessions`: what the store says, never a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedSessions {
    /// Each session that was asked about, in the same order.
    pub sessions: Vec<CheckedSession>,
}

/// What one session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedSession {
    /// Which.
    pub id: SessionId,
    /// What it is.
    pub state: SessionState,
    /// Until when it lives at the latest, unless it is refreshed; `null` when it does not.
    pub expires_at: Option<Timestamp>,
}

/// What a session is to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// The request may go on.
    Live,
    /// The session is over, or there is none.
    Over,
    /// The account is disabled.
    AccountDisabled,
}

/// The answer to `GET /internal/v1/users/{id}`. That there is no such account is an answer like any other: a 404 would also be
/// that of an auth service without these calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundProfile {
    /// The account, or `null` when there is none.
    pub profile: Option<Profile>,
}

/// An account as others see it, and which version of it that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose.
    pub user_id: UserId,
    /// Counts the changes of this profile.
    pub version: u64,
    /// The unique name.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// Where the picture is.
    pub avatar_url: Option<String>,
}

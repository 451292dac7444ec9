//! Where sessions are kept: the truth about who is signed in.

use async_trait::async_trait;
use auth_entity::{Session, User};
use kernel::{SessionId, StoreError, Timestamp};

/// A session with what its account adds to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownSession {
    /// The session, alive or not.
    pub session: Session,
    /// Whether its account is disabled.
    pub account_disabled: bool,
}

/// What came of presenting a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RotateOutcome {
    /// The next generation has begun, durably. The session is as it is now.
    Rotated(Box<(Session, User)>),
    /// The token was used within the grace; nothing changed. The session's generation is the successor's.
    SameSuccessor(Box<(Session, User)>),
    /// The token was used before, outside the grace: this call has ended the session, durably.
    Reused,
    /// The session is over, whether ended or outlived; nothing changed.
    Over,
    /// The account is disabled; nothing changed.
    AccountDisabled,
    /// There is no such session, or it never had that generation; nothing changed.
    Foreign,
}

/// What came of ending a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndOutcome {
    /// This call has ended it, durably.
    Ended,
    /// It was over before, or there is none; nothing changed.
    AlreadyOver,
}

/// The store of sessions. Nothing is ever removed from it because of age alone.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a new session of an account that is there.
    async fn open(&self, session: &Session) -> Result<(), StoreError>;

    /// The session with this id, alive or not.
    async fn find(&self, id: SessionId) -> Result<Option<KnownSession>, StoreError>;

    /// Those of these sessions that are there, alive or not, in any order, in one question to the store.
    async fn find_many(&self, ids: &[SessionId]) -> Result<Vec<KnownSession>, StoreError>;

    /// Applies [`auth_entity::rotation`] to a presented generation, in one atomic change.
    ///
    /// Of racing calls with the current generation exactly one MUST be `Rotated`, the others `SameSuccessor` with the
    /// same generation. A session that is over and a disabled account are told before the rule is asked.
    async fn rotate(&self, id: SessionId, presented: u32, now: Timestamp) -> Result<RotateOutcome, StoreError>;

    /// Ends a session, in one atomic change: of racing calls exactly one MUST be `Ended`.
    async fn end(&self, id: SessionId, now: Timestamp) -> Result<EndOutcome, StoreError>;
}

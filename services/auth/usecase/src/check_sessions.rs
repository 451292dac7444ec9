//! The question that whoever holds sockets open asks every few seconds: which of my sessions have died?

use std::collections::HashMap;

use kernel::{SessionId, StoreError, Timestamp};

use crate::{Auth, SessionState};

/// What the store says of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckedSession {
    /// Which.
    pub id: SessionId,
    /// What it is.
    pub state: SessionState,
    /// Until when it lives at the latest, unless it is refreshed; `None` when it does not.
    pub live_until: Option<Timestamp>,
}

impl Auth {
    /// What each of `ids` is, in their order, in one question to the store: this is how a revocation is noticed whose
    /// announcement was lost.
    pub async fn check_sessions(&self, ids: &[SessionId]) -> Result<Vec<CheckedSession>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.ports.clock.now();
        let known = self.ports.sessions.find_many(ids).await?;
        let known: HashMap<SessionId, CheckedSession> = known
            .into_iter()
            .map(|known| {
                let (id, state) = (known.session.id, SessionState::of(&known, now));
                let live_until = (state == SessionState::Live).then(|| known.session.expires_at());
                (id, CheckedSession { id, state, live_until })
            })
            .collect();
        let unknown = |id| CheckedSession { id, state: SessionState::Over, live_until: None };
        Ok(ids.iter().map(|id| known.get(id).copied().unwrap_or_else(|| unknown(*id))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};
    use crate::ports::KnownSession;

    #[tokio::test]
    async fn each_session_is_told_apart_live_over_disabled_and_unknown() {
        let live = KnownSession { session: mocks::session(), account_disabled: false };
        let mut ended = KnownSession { session: mocks::session(), account_disabled: false };
        ended.session.ended_at = Some(mocks::now());
        let disabled = KnownSession { session: mocks::session(), account_disabled: true };
        let unknown = SessionId::new();
        let expected = [
            (live.session.id, SessionState::Live, Some(live.session.expires_at())),
            (ended.session.id, SessionState::Over, None),
            (unknown, SessionState::Over, None),
            (disabled.session.id, SessionState::AccountDisabled, None),
        ]
        .map(|(id, state, live_until)| CheckedSession { id, state, live_until });
        let ids: Vec<_> = expected.iter().map(|expected| expected.id).collect();
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_many().times(1).return_once(move |_| Ok(vec![disabled, live, ended]));
        assert_eq!(mocks.auth().check_sessions(&ids).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn nobody_is_asked_about_nothing_and_a_dead_store_kills_nobody() {
        assert!(Mocks::default().auth().check_sessions(&[]).await.unwrap().is_empty());
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_many().returning(|_| Err(StoreError::Overloaded));
        assert!(mocks.auth().check_sessions(&[SessionId::new()]).await.is_err());
    }
}

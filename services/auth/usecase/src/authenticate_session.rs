//! Each request's question: is the session of this token live?

use kernel::{SessionId, StoreError, Timestamp};

use crate::Auth;
use crate::ports::{KnownSession, Liveness};

/// What a session is to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionState {
    /// The request may go on.
    Live,
    /// The session is over, or there is none.
    Over,
    /// The session would live, and its account is disabled.
    AccountDisabled,
}

impl SessionState {
    /// What a session is that the store knows.
    pub(crate) fn of(known: &KnownSession, now: Timestamp) -> Self {
        if !known.session.is_live(now) {
            Self::Over
        } else if known.account_disabled {
            Self::AccountDisabled
        } else {
            Self::Live
        }
    }
}

impl Auth {
    /// Answers from memory where it can and from the store where it must. When neither answers, the error says so:
    /// nobody is let in, and nobody is signed out.
    pub async fn authenticate_session(&self, id: SessionId) -> Result<SessionState, StoreError> {
        let now = self.ports.clock.now();
        let fence = match self.ports.live_sessions.lookup(id, now).await {
            Liveness::Live => return Ok(SessionState::Live),
            Liveness::Ended => return Ok(SessionState::Over),
            Liveness::Unknown(fence) => fence,
        };
        let Some(known) = self.ports.sessions.find(id).await? else {
            return Ok(SessionState::Over);
        };
        match SessionState::of(&known, now) {
            SessionState::Live => {}
            dead @ (SessionState::Over | SessionState::AccountDisabled) => return Ok(dead),
        }
        self.ports.live_sessions.fill(id, fence, now, known.session.expires_at()).await;
        // A revocation may have come in since the store was asked; it must win (I16).
        match self.ports.live_sessions.lookup(id, now).await {
            Liveness::Ended => Ok(SessionState::Over),
            Liveness::Live | Liveness::Unknown(_) => Ok(SessionState::Live),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};

    fn known() -> KnownSession {
        KnownSession { session: mocks::session(), account_disabled: false }
    }

    fn knowing_only_the_store(found: Option<KnownSession>) -> Mocks {
        let mut mocks = Mocks::default();
        mocks.live_sessions.expect_lookup().times(1).return_const(Liveness::Unknown(mocks::fence()));
        mocks.sessions.expect_find().times(1).return_once(move |_| Ok(found));
        mocks
    }

    #[tokio::test]
    async fn what_memory_knows_is_not_asked_of_the_store() {
        for (liveness, state) in [(Liveness::Live, SessionState::Live), (Liveness::Ended, SessionState::Over)] {
            let mut mocks = Mocks::default();
            mocks.live_sessions.expect_lookup().return_const(liveness);
            assert_eq!(mocks.auth().authenticate_session(mocks::session().id).await.unwrap(), state);
        }
    }

    #[tokio::test]
    async fn what_the_store_says_is_remembered() {
        let mut mocks = knowing_only_the_store(Some(known()));
        mocks
            .live_sessions
            .expect_fill()
            .times(1)
            .withf(|_, fence, _, until| *fence == mocks::fence() && *until == mocks::session().expires_at())
            .return_const(());
        mocks.live_sessions.expect_lookup().times(1).return_const(Liveness::Live);
        let state = mocks.auth().authenticate_session(mocks::session().id).await.unwrap();
        assert_eq!(state, SessionState::Live);
    }

    #[tokio::test]
    async fn a_revocation_that_came_while_the_store_was_asked_wins() {
        let mut mocks = knowing_only_the_store(Some(known()));
        mocks.live_sessions.expect_fill().return_const(());
        mocks.live_sessions.expect_lookup().times(1).return_const(Liveness::Ended);
        let state = mocks.auth().authenticate_session(mocks::session().id).await.unwrap();
        assert_eq!(state, SessionState::Over);
    }

    #[tokio::test]
    async fn what_is_dead_or_disabled_is_not_remembered_as_live() {
        let mut ended = known();
        ended.session.ended_at = Some(mocks::now());
        let mut outlived = known();
        outlived.session.last_seen_at = kernel::Timestamp::from_millis(0);
        for dead in [None, Some(ended), Some(outlived)] {
            let mocks = knowing_only_the_store(dead);
            let state = mocks.auth().authenticate_session(mocks::session().id).await.unwrap();
            assert_eq!(state, SessionState::Over);
        }
        let mocks = knowing_only_the_store(Some(KnownSession { account_disabled: true, ..known() }));
        let state = mocks.auth().authenticate_session(mocks::session().id).await.unwrap();
        assert_eq!(state, SessionState::AccountDisabled);
    }

    #[tokio::test]
    async fn a_dead_store_is_an_error_and_not_an_answer() {
        let mut mocks = Mocks::default();
        mocks.live_sessions.expect_lookup().return_const(Liveness::Unknown(mocks::fence()));
        mocks.sessions.expect_find().returning(|_| Err(StoreError::Overloaded));
        assert!(mocks.auth().authenticate_session(mocks::session().id).await.is_err());
    }
}

//! Ending one's own session.

use kernel::{SessionId, StoreError};
use thiserror::Error;

use crate::Auth;
use crate::ports::{EndOutcome, EndReason};

/// Why the session has not been ended by this call.
#[derive(Debug, Error)]
pub enum SignOutError {
    /// It was over already.
    #[error("the session is over")]
    SessionRevoked,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl Auth {
    /// Ends a session. When this returns, no request with its tokens succeeds any more (I16).
    pub async fn sign_out(&self, session_id: SessionId) -> Result<(), SignOutError> {
        let now = self.ports.clock.now();
        match self.ports.sessions.end(session_id, now).await.map_err(SignOutError::Store)? {
            EndOutcome::Ended => {
                self.spread_end(session_id, EndReason::SignedOut, now).await;
                Ok(())
            }
            EndOutcome::AlreadyOver => {
                // Whoever ended it may still be on the way to say so, and we answer that it is over.
                self.ports.live_sessions.revoke(session_id, now).await;
                Err(SignOutError::SessionRevoked)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};

    #[tokio::test]
    async fn the_store_knows_first_then_the_requests_then_the_sockets() {
        let mut mocks = Mocks::default();
        let mut order = mockall::Sequence::new();
        let id = mocks::session().id;
        mocks.sessions.expect_end().times(1).in_sequence(&mut order).returning(|_, _| Ok(EndOutcome::Ended));
        mocks
            .live_sessions
            .expect_revoke()
            .times(1)
            .in_sequence(&mut order)
            .withf(move |revoked, _| *revoked == id)
            .return_const(());
        mocks
            .session_events
            .expect_ended()
            .times(1)
            .in_sequence(&mut order)
            .withf(move |ended, reason| *ended == id && *reason == EndReason::SignedOut)
            .return_const(());
        mocks.auth().sign_out(id).await.unwrap();
    }

    #[tokio::test]
    async fn a_session_that_is_over_is_not_announced_again() {
        let mut mocks = Mocks::default();
        mocks.sessions.expect_end().returning(|_, _| Ok(EndOutcome::AlreadyOver));
        mocks.live_sessions.expect_revoke().return_const(());
        let ended = mocks.auth().sign_out(mocks::session().id).await;
        assert!(matches!(ended, Err(SignOutError::SessionRevoked)));
    }

    #[tokio::test]
    async fn an_end_that_the_store_did_not_take_is_spread_to_nobody() {
        let mut mocks = Mocks::default();
        mocks.sessions.expect_end().returning(|_, _| Err(StoreError::Unknown("gone".into())));
        assert!(matches!(mocks.auth().sign_out(mocks::session().id).await, Err(SignOutError::Store(_))));
    }
}

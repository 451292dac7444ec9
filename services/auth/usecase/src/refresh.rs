//! Going on with a session: a new pair of tokens for a refresh token (I17).

use std::time::Duration;

use kernel::StoreError;
use limit::Decision;
use thiserror::Error;

use crate::ports::{EndReason, RotateOutcome, Unexpected};
use crate::{Auth, Tokens};

/// Why there are no new tokens.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// The text is no refresh token of ours.
    #[error("not a refresh token of ours")]
    Invalid,
    /// Too many refreshes of this session.
    #[error("too many refreshes of this session")]
    RateLimited {
        /// When one more is allowed.
        retry_after: Duration,
    },
    /// The session is over, or has just been ended because its token came back.
    #[error("the session is over")]
    SessionRevoked,
    /// The account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// Something failed that should not.
    #[error("refreshing failed: {0}")]
    Unexpected(Unexpected),
}

impl Auth {
    /// Gives the successor of a refresh token, with an access token. A token that comes back too late ends its session.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, RefreshError> {
        let token = self.ports.refresh_tokens.open(refresh_token).ok_or(RefreshError::Invalid)?;
        let key = token.session_id.to_string();
        if let Decision::Refused { retry_after } = self.ports.limiter.check(&self.limits.refresh, &key).await {
            return Err(RefreshError::RateLimited { retry_after });
        }
        let now = self.ports.clock.now();
        let outcome = self.ports.sessions.rotate(token.session_id, token.generation, now).await;
        let (session, user) = match outcome.map_err(RefreshError::Store)? {
            RotateOutcome::Rotated(found) | RotateOutcome::SameSuccessor(found) => *found,
            RotateOutcome::Reused => {
                self.spread_end(token.session_id, EndReason::RefreshReused, now).await;
                return Err(RefreshError::SessionRevoked);
            }
            RotateOutcome::Over => return Err(RefreshError::SessionRevoked),
            RotateOutcome::AccountDisabled => return Err(RefreshError::AccountDisabled),
            RotateOutcome::Foreign => return Err(RefreshError::Invalid),
        };
        self.tokens(&user, session, now).map_err(RefreshError::Unexpected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};
    use auth_entity::RefreshToken;

    fn presenting(outcome: RotateOutcome) -> Mocks {
        let mut mocks = Mocks::default();
        let token = RefreshToken { session_id: mocks::session().id, generation: 3 };
        mocks.refresh_tokens.expect_open().times(1).return_const(Some(token));
        mocks
            .sessions
            .expect_rotate()
            .times(1)
            .withf(|_, presented, now| *presented == 3 && *now == mocks::now())
            .return_once(move |_, _, _| Ok(outcome));
        mocks
    }

    #[tokio::test]
    async fn the_successor_carries_the_generation_that_the_store_says() {
        for same in [false, true] {
            let mut session = mocks::session();
            session.refresh_generation = 4;
            let found = Box::new((session, mocks::user()));
            let outcome = if same { RotateOutcome::SameSuccessor(found) } else { RotateOutcome::Rotated(found) };
            let mut mocks = presenting(outcome);
            mocks.access_tokens.expect_mint().times(1).returning(|_, _, _| Ok(mocks::access_token()));
            mocks
                .refresh_tokens
                .expect_seal()
                .times(1)
                .withf(|token| token.generation == 4)
                .return_const("next".to_owned());
            assert_eq!(mocks.auth().refresh("old").await.unwrap().refresh_token, "next");
        }
    }

    #[tokio::test]
    async fn a_token_that_comes_back_ends_the_session_everywhere_before_the_answer() {
        let mut mocks = presenting(RotateOutcome::Reused);
        let mut order = mockall::Sequence::new();
        mocks.live_sessions.expect_revoke().times(1).in_sequence(&mut order).return_const(());
        mocks
            .session_events
            .expect_ended()
            .times(1)
            .in_sequence(&mut order)
            .withf(|_, reason| *reason == EndReason::RefreshReused)
            .return_const(());
        assert!(matches!(mocks.auth().refresh("old").await, Err(RefreshError::SessionRevoked)));
    }

    #[tokio::test]
    async fn what_is_over_disabled_or_foreign_gets_no_tokens_and_is_not_announced() {
        let over = presenting(RotateOutcome::Over);
        assert!(matches!(over.auth().refresh("old").await, Err(RefreshError::SessionRevoked)));
        let disabled = presenting(RotateOutcome::AccountDisabled);
        assert!(matches!(disabled.auth().refresh("old").await, Err(RefreshError::AccountDisabled)));
        let foreign = presenting(RotateOutcome::Foreign);
        assert!(matches!(foreign.auth().refresh("old").await, Err(RefreshError::Invalid)));
    }

    #[tokio::test]
    async fn a_text_that_is_not_ours_never_reaches_the_store() {
        let mut mocks = Mocks::default();
        mocks.refresh_tokens.expect_open().return_const(None);
        assert!(matches!(mocks.auth().refresh("nonsense").await, Err(RefreshError::Invalid)));
    }

    #[tokio::test]
    async fn a_session_over_its_limit_never_reaches_the_store() {
        let mut mocks = Mocks::refusing();
        let token = RefreshToken { session_id: mocks::session().id, generation: 3 };
        mocks.refresh_tokens.expect_open().return_const(Some(token));
        assert!(matches!(mocks.auth().refresh("old").await, Err(RefreshError::RateLimited { .. })));
    }

    #[tokio::test]
    async fn a_dead_store_is_told_and_revokes_nothing() {
        let mut mocks = Mocks::default();
        let token = RefreshToken { session_id: mocks::session().id, generation: 3 };
        mocks.refresh_tokens.expect_open().return_const(Some(token));
        mocks.sessions.expect_rotate().returning(|_, _, _| Err(StoreError::Unavailable("gone".into())));
        assert!(matches!(mocks.auth().refresh("old").await, Err(RefreshError::Store(_))));
    }
}

//! The question that whoever holds sockets open asks every few seconds: which of my sessions have died?

use std::collections::HashSet;

use kernel::{SessionId, StoreError};

use crate::Auth;

impl Auth {
    /// Those of `ids` that are over or whose account is disabled, in one question to the store: this is how a
    /// revocation is noticed whose announcement was lost.
    pub async fn check_sessions(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.ports.clock.now();
        let known = self.ports.sessions.find_many(ids).await?;
        let live: HashSet<SessionId> = known
            .into_iter()
            .filter(|known| known.session.is_live(now) && !known.account_disabled)
            .map(|known| known.session.id)
            .collect();
        Ok(ids.iter().copied().filter(|id| !live.contains(id)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{self, Mocks};
    use crate::ports::KnownSession;

    #[tokio::test]
    async fn ended_unknown_and_disabled_sessions_are_dead_and_the_others_are_not_named() {
        let live = KnownSession { session: mocks::session(), account_disabled: false };
        let mut ended = KnownSession { session: mocks::session(), account_disabled: false };
        ended.session.ended_at = Some(mocks::now());
        let disabled = KnownSession { session: mocks::session(), account_disabled: true };
        let unknown = SessionId::new();
        let dead = vec![ended.session.id, unknown, disabled.session.id];
        let ids = [vec![live.session.id], dead.clone()].concat();
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_many().times(1).return_once(move |_| Ok(vec![disabled, live, ended]));
        assert_eq!(mocks.auth().check_sessions(&ids).await.unwrap(), dead);
    }

    #[tokio::test]
    async fn nobody_is_asked_about_nothing_and_a_dead_store_kills_nobody() {
        assert!(Mocks::default().auth().check_sessions(&[]).await.unwrap().is_empty());
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_many().returning(|_| Err(StoreError::Overloaded));
        assert!(mocks.auth().check_sessions(&[SessionId::new()]).await.is_err());
    }
}

//! `identity`'s question about sessions, answered within the process that keeps them.

use std::sync::Arc;

use async_trait::async_trait;
use auth_usecase::Auth;
use identity::{LiveSessionCheck, SessionState, Unavailable};
use kernel::{SessionId, StoreError};

/// Asks the service directly.
pub struct AuthLiveSessionCheck {
    auth: Arc<Auth>,
}

impl AuthLiveSessionCheck {
    /// Asks this one.
    pub fn new(auth: Arc<Auth>) -> Self {
        Self { auth }
    }
}

#[async_trait]
impl LiveSessionCheck for AuthLiveSessionCheck {
    async fn check(&self, id: SessionId) -> Result<SessionState, Unavailable> {
        self.auth.authenticate_session(id).await.map(state).map_err(|error| unavailable(&error))
    }

    async fn dead(&self, ids: &[SessionId]) -> Result<Vec<(SessionId, SessionState)>, Unavailable> {
        let states = self.auth.check_sessions(ids).await.map_err(|error| unavailable(&error))?;
        let states = states.into_iter().map(|found| (found.id, state(found.state)));
        Ok(states.filter(|(_, state)| *state != SessionState::Live).collect())
    }
}

fn state(found: auth_usecase::SessionState) -> SessionState {
    match found {
        auth_usecase::SessionState::Live => SessionState::Live,
        auth_usecase::SessionState::Over => SessionState::Over,
        auth_usecase::SessionState::AccountDisabled => SessionState::AccountDisabled,
    }
}

fn unavailable(error: &StoreError) -> Unavailable {
    tracing::error!(%error, "the store could not say whether sessions live");
    Unavailable
}

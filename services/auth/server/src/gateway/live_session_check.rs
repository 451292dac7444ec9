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
        match self.auth.authenticate_session(id).await {
            Ok(auth_usecase::SessionState::Live) => Ok(SessionState::Live),
            Ok(auth_usecase::SessionState::Over) => Ok(SessionState::Over),
            Ok(auth_usecase::SessionState::AccountDisabled) => Ok(SessionState::AccountDisabled),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn dead(&self, ids: &[SessionId]) -> Result<Vec<SessionId>, Unavailable> {
        self.auth.check_sessions(ids).await.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &StoreError) -> Unavailable {
    tracing::error!(%error, "the store could not say whether sessions live");
    Unavailable
}

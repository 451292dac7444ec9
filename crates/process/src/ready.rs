//! What this node cannot serve without.

use std::time::Duration;

use async_trait::async_trait;
use auth_server::AuthService;
use chat_server::ChatService;
use web::ReadyCheck;

const PATIENCE: Duration = Duration::from_secs(2);

/// The auth service's database.
pub(crate) struct AuthStore(pub(crate) AuthService);

/// The chat service's database.
pub(crate) struct ChatStore(pub(crate) ChatService);

#[async_trait]
impl ReadyCheck for AuthStore {
    fn name(&self) -> &'static str {
        "auth store"
    }

    async fn is_ready(&self) -> bool {
        matches!(tokio::time::timeout(PATIENCE, self.0.ping()).await, Ok(Ok(())))
    }
}

#[async_trait]
impl ReadyCheck for ChatStore {
    fn name(&self) -> &'static str {
        "chat store"
    }

    async fn is_ready(&self) -> bool {
        matches!(tokio::time::timeout(PATIENCE, self.0.ping()).await, Ok(Ok(())))
    }
}

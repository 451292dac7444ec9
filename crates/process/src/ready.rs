//! A store as something that a node cannot serve without.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use web::ReadyCheck;

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks a store for a sign of life.
pub struct StoreCheck {
    name: &'static str,
    ping: Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>,
}

impl StoreCheck {
    /// A check with a name for logs and answers.
    pub fn new<F>(name: &'static str, ping: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self { name, ping: Box::new(move || Box::pin(ping())) }
    }
}

#[async_trait]
impl ReadyCheck for StoreCheck {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn is_ready(&self) -> bool {
        tokio::time::timeout(PATIENCE, (self.ping)()).await.unwrap_or(false)
    }
}

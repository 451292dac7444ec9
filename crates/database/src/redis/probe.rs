//! The task that looks after the connection: it notices that Redis is away before a caller does, and that it is back.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::time::timeout;

use super::breaker::{Breaker, Held};

/// How long after a look the next one is taken, also while nothing else is asked: every node has to notice that Redis
/// hangs, even one without traffic.
const EVERY: Duration = Duration::from_millis(300);

/// What the probe works with.
pub(super) struct Probe {
    pub(super) client: Client,
    pub(super) breaker: Arc<Breaker>,
    pub(super) timeout: Duration,
    pub(super) queue: usize,
    /// The key that it writes.
    pub(super) key: String,
}

impl Probe {
    /// Looks and heals until the task is aborted.
    pub(super) async fn run(self) {
        // Until the first look, nobody knows: what it finds is told in any case.
        let mut told = None;
        loop {
            let found = match self.breaker.held() {
                Some(held) => self.look_at(held).await,
                None => self.connect().await,
            };
            match (&found, told) {
                (Ok(()), Some(false)) => tracing::info!("Redis is back"),
                (Ok(()), None) => tracing::info!("connected to Redis"),
                (Err(why), None | Some(true)) => {
                    tracing::warn!(cause = %why, "Redis is away: falling back until it is back");
                }
                (Ok(()), Some(true)) | (Err(_), Some(false)) => {}
            }
            told = Some(found.is_ok());
            // A look that was late casts doubt, and then the next one is due at once; so is one when a caller does.
            let _ = timeout(EVERY, self.breaker.doubted()).await;
        }
    }

    /// Writes over the connection, and again when the answer is late. After the second time it is cut.
    async fn look_at(&self, mut held: Held) -> Result<(), Why> {
        let generation = held.generation;
        let mut found = self.write(&mut held.connection).await;
        if let Err(Why::Late) = found {
            self.breaker.doubt(generation);
            found = self.write(&mut held.connection).await;
        }
        match found {
            Ok(()) => self.breaker.good(generation),
            Err(_) => self.breaker.cut(generation),
        }
        found
    }

    async fn connect(&self) -> Result<(), Why> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            // A command with its retries has one deadline, which is kept where it is sent.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(self.queue);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        self.write(&mut connection).await?;
        self.breaker.connected(connection);
        Ok(())
    }

    /// A write rather than a PING: a Redis that answers and takes no writes, for want of memory or disk or because it
    /// is a replica now, would go on to call sessions live and could not be told that they have ended.
    async fn write(&self, connection: &mut MultiplexedConnection) -> Result<(), Why> {
        let mut command = redis::cmd("SET");
        command.arg(&self.key).arg(1).arg("PX").arg(60_000);
        match timeout(self.timeout, command.exec_async(connection)).await {
            Ok(done) => done.map_err(Why::Failed),
            Err(_) => Err(Why::Late),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("no answer in time")]
    Late,
    #[error(transparent)]
    Failed(#[from] RedisError),
}

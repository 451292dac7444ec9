//! Real servers as private processes, which tests may kill, and which end with the test process.

mod nats;
mod port;
mod postgres;
mod redis;
mod supervised;

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use nats::NatsServer;
pub use postgres::PostgresServer;
pub use redis::RedisServer;
use supervised::{Kind, Supervised};

/// How long one attempt to talk to a server may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// What can be done to a [`PostgresServer`], a [`RedisServer`] or a [`NatsServer`].
///
/// The server listens on a port of 127.0.0.1 and keeps its data in a directory of its own. Both end with the value, and
/// with the process however that ends, `kill -9` included. Nothing here is bound to a runtime: tests that have one each
/// may share a server.
#[derive(Debug)]
pub struct Server(Arc<Supervised>);

impl Server {
    async fn start(kind: &'static Kind) -> Self {
        Self(Arc::new(aside(|| Supervised::start(kind)).await))
    }

    /// The port of 127.0.0.1 that it listens on, and will listen on after a restart.
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// Its process id. It is another one after a restart.
    pub fn pid(&self) -> i32 {
        self.0.pid()
    }

    /// The directory that holds its data and its log, the file `log`.
    pub fn directory(&self) -> &Path {
        self.0.directory()
    }

    /// Ends it and all of its processes with SIGKILL. When this returns they are gone.
    pub async fn kill(&self) {
        self.with(Supervised::kill).await;
    }

    /// Starts it again on the same port with the same data, and waits until it answers. A server that still runs is
    /// killed first.
    ///
    /// # Panics
    /// With its log, when it does not answer in time.
    pub async fn restart(&self) {
        self.with(Supervised::restart).await;
    }

    /// Stops it and all of its processes with SIGSTOP: connections stay open, the system even accepts new ones, and
    /// nothing is answered.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn pause(&self) {
        self.with(Supervised::pause).await;
    }

    /// Lets it go on after [`pause`](Self::pause).
    ///
    /// # Panics
    /// When it does not run.
    pub async fn resume(&self) {
        self.with(Supervised::resume).await;
    }

    async fn with<T: Send + 'static>(&self, work: impl FnOnce(&Supervised) -> T + Send + 'static) -> T {
        let supervised = Arc::clone(&self.0);
        aside(move || work(&supervised)).await
    }
}

/// Does what blocks where it keeps nobody waiting: the nodes that a test runs in its own process go on meanwhile.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

impl Deref for PostgresServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Deref for RedisServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Deref for NatsServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

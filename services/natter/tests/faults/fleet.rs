//! Three nodes as processes of their own, on private engines that can be killed, paused and emptied.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use auth_server::{AuthSettings, Keys};
use rustix::process::Signal;
use testkit::{NatsServer, PostgresServer, Process, RedisServer, Rest};

const NATTER: &str = env!("CARGO_BIN_EXE_natter");
/// Nodes of the fleet.
const NODES: usize = 3;
/// How long a fault lasts, in seconds, unless `FAULT_SECONDS` says otherwise: longer than every time after which
/// somebody notices, and short enough for every day.
const FAULT_SECONDS: u64 = 7;

/// A fleet and its engines. All of it ends with the value.
pub(crate) struct Fleet {
    pub(crate) postgres: PostgresServer,
    pub(crate) redis: RedisServer,
    pub(crate) nats: NatsServer,
    nodes: Mutex<Vec<Option<Process>>>,
    vars: Vec<(String, String)>,
    home: tempfile::TempDir,
}

impl Fleet {
    /// Starts everything.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts everything with some variables more.
    pub(crate) async fn start_with(more: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (postgres, redis, nats) = tokio::join!(PostgresServer::start(), RedisServer::start(), NatsServer::start());
        let mut vars = key_files(home.path());
        let engines = [
            ("POSTGRES_URL", postgres.create_database().await),
            ("REDIS_URL", redis.url()),
            ("NATS_URL", nats.url()),
            // All three do it at once.
            ("MIGRATE_ON_START", "true".to_owned()),
            ("HTTP_WORKERS", "2".to_owned()),
            ("CHAT_HEARTBEAT_MS", "2000".to_owned()),
            ("CHAT_MAX_REPLAY_EVENTS", "10000".to_owned()),
        ];
        vars.extend(engines.map(|(name, value)| (name.to_owned(), value)));
        vars.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let fleet = Self { postgres, redis, nats, nodes: Mutex::default(), vars, home };
        let nodes = futures_util::future::join_all((0..NODES).map(|_| fleet.new_node())).await;
        *fleet.nodes.lock().unwrap() = nodes.into_iter().map(Some).collect();
        fleet
    }

    async fn new_node(&self) -> Process {
        let vars: Vec<_> = self.vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Process::start(NATTER, &self.home.path().join("unused"), &vars).await.expect("a node starts")
    }

    /// Where the nodes are that run.
    pub(crate) fn running(&self) -> Vec<SocketAddr> {
        self.nodes.lock().unwrap().iter().flatten().map(Process::addr).collect()
    }

    /// The clients of the nodes that run.
    pub(crate) fn rest(&self) -> Rest {
        let running = self.running();
        Rest::of_fleet(running.clone(), running)
    }

    /// The clients of each node that runs, one by one.
    pub(crate) fn each(&self) -> Vec<Rest> {
        self.nodes.lock().unwrap().iter().flatten().map(Process::rest).collect()
    }

    /// Ends a node with SIGKILL.
    pub(crate) async fn kill(&self, number: usize) {
        let node = self.nodes.lock().unwrap()[number].take().expect("the node runs");
        node.kill().await;
    }

    /// Starts another node in the place of one that was killed.
    pub(crate) async fn replace(&self, number: usize) {
        let node = self.new_node().await;
        self.nodes.lock().unwrap()[number] = Some(node);
    }

    /// Sends a signal to a node.
    pub(crate) fn signal(&self, number: usize, signal: Signal) {
        self.nodes.lock().unwrap()[number].as_ref().expect("the node runs").signal(signal);
    }
}

/// Waits for as long as a fault is to last.
pub(crate) async fn for_a_while() {
    let seconds = std::env::var("FAULT_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(FAULT_SECONDS);
    let forever = std::future::pending::<()>();
    let _ = tokio::time::timeout(Duration::from_secs(seconds), forever).await;
}

/// The keys that the nodes share.
fn key_files(home: &Path) -> Vec<(String, String)> {
    Keys::load_or_create(Some(home), &AuthSettings::default()).unwrap();
    [("AUTH_SIGNING_KEY_FILE", "auth_signing_key.pem"), ("AUTH_REFRESH_KEY_FILE", "auth_refresh_key")]
        .map(|(name, file)| (name.to_owned(), home.join(file).to_str().unwrap().to_owned()))
        .to_vec()
}

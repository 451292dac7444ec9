//! A fleet for one test: two nodes of each service in this process, on engines that all tests share.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use auth_server::{AuthSettings, Keys};
use database::postgres::PostgresSettings;
use kernel::Clock;
use testkit::{FakeClock, NatsServer, PostgresServer, RedisServer, Rest};
use tokio::sync::{OnceCell, oneshot};
use uuid::Uuid;

/// Nodes of each service.
const NODES: usize = 2;

/// Whether the product is one process here, or several nodes.
pub(crate) const ALONE: bool = false;

/// A fleet with a database of its own; it stops when the value is dropped.
pub(crate) struct Server {
    pub(crate) rest: Rest,
    pub(crate) clock: Arc<FakeClock>,
    /// The chat nodes, for tests that want a certain one.
    pub(crate) chat: Vec<SocketAddr>,
    nodes: Vec<Node>,
    /// What it was started with; gone when it was moved on to a successor.
    home: Option<(tempfile::TempDir, HashMap<String, String>)>,
}

impl Server {
    /// Starts a fleet without limits on rates and with cheap password hashing; `vars` win.
    pub(crate) async fn start(vars: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let postgres_url = database().await;
        let prefix = format!("t{}", Uuid::new_v4().simple());
        let mut all: HashMap<String, String> = [
            ("HTTP_ADDR", "127.0.0.1:0"),
            ("HTTP_WORKERS", "1"),
            ("LIMITS_ENABLED", "false"),
            ("AUTH_HASH_MEMORY_KIB", "8192"),
            ("AUTH_HASH_PASSES", "1"),
            ("AUTH_HASH_THREADS", "1"),
            ("POSTGRES_URL", &postgres_url),
            ("POSTGRES_POOL_SIZE", "4"),
            ("POSTGRES_WRITERS", "2"),
            ("REDIS_URL", &RedisServer::shared().await.url()),
            ("REDIS_PREFIX", &prefix),
            ("NATS_URL", &NatsServer::shared().await.url()),
            ("NATS_PREFIX", &prefix),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        all.extend(key_files(home.path()));
        all.extend(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::run(home, all).await
    }

    /// Stops it, and starts another one on the same data.
    pub(crate) async fn restart(mut self) -> Self {
        let (home, vars) = self.home.take().unwrap();
        drop(self);
        Self::run(home, vars).await
    }

    /// Another fleet on the same PostgreSQL with the same keys, which shares neither bus nor Redis with this one.
    pub(crate) async fn apart(&self) -> Self {
        let (home, vars) = self.home.as_ref().unwrap();
        let mut vars = vars.clone();
        for name in ["REDIS_PREFIX", "NATS_PREFIX"] {
            vars.insert(name.to_owned(), format!("t{}", Uuid::new_v4().simple()));
        }
        // The keys stay where they are: both fleets end with the test.
        let empty = tempfile::tempdir_in(home.path()).unwrap();
        Self::run(empty, vars).await
    }

    async fn run(home: tempfile::TempDir, all: HashMap<String, String>) -> Self {
        let clock = Arc::new(FakeClock::default());
        let mut nodes = Vec::new();
        let (mut auth, mut chat) = (Vec::new(), Vec::new());
        for _ in 0..NODES {
            let node = Node::auth(all.clone(), Arc::clone(&clock) as Arc<dyn Clock>).await;
            auth.push(node.addr);
            nodes.push(node);
        }
        for number in 0..NODES {
            let mut vars = all.clone();
            vars.insert("AUTH_URL".to_owned(), format!("http://{}", auth[number % auth.len()]));
            let node = Node::chat(vars, Arc::clone(&clock) as Arc<dyn Clock>).await;
            chat.push(node.addr);
            nodes.push(node);
        }
        let rest = Rest::of_fleet(auth, chat.clone());
        // Messages, joins and sockets of a user are counted on each node, so that asking never changes their order.
        let rest = if all["LIMITS_ENABLED"] == "true" { rest.through(&chat[..1]) } else { rest };
        Self { rest, clock, chat, nodes, home: Some((home, all)) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            drop(node.stop.take());
        }
        for node in self.nodes.drain(..) {
            let ended = node.thread.join();
            if !std::thread::panicking() {
                ended.expect("a node stops properly");
            }
        }
    }
}

/// A migrated database of its own.
async fn database() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let server = PostgresServer::shared().await;
    let template = TEMPLATE
        .get_or_init(|| async {
            let url = server.create_database().await;
            let settings = PostgresSettings { url: Some(url.clone()), ..PostgresSettings::default() };
            let mut connection = settings.primary("tests").unwrap().connect().await.unwrap();
            for service in [migrate::Service::Auth, migrate::Service::Chat] {
                migrate::postgres::up(&mut connection, service, None).await.unwrap();
            }
            url.rsplit('/').next().unwrap().to_owned()
        })
        .await;
    server.create_database_from(template).await
}

/// The keys that the nodes of a fleet share.
fn key_files(home: &Path) -> Vec<(String, String)> {
    Keys::load_or_create(Some(home), &AuthSettings::default()).unwrap();
    let service_key = home.join("service_key");
    // Any 32 bytes will do, and a file with some is there already.
    std::fs::copy(home.join("auth_refresh_key"), &service_key).unwrap();
    [
        ("AUTH_SIGNING_KEY_FILE", home.join("auth_signing_key.pem")),
        ("AUTH_REFRESH_KEY_FILE", home.join("auth_refresh_key")),
        ("SERVICE_KEY_FILE", service_key),
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()))
    .collect()
}

/// One node, on a thread of its own.
struct Node {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<()>,
}

impl Node {
    async fn auth(vars: HashMap<String, String>, clock: Arc<dyn Clock>) -> Self {
        Self::start(move |bound, stopped| async move {
            let configuration = auth_server::Configuration::from_vars(vars).unwrap();
            let server = auth_server::Server::build_with_clock(configuration, clock).await.unwrap();
            bound.send(server.addr()).unwrap();
            server.run(async { drop(stopped.await) }).await.unwrap();
        })
        .await
    }

    async fn chat(vars: HashMap<String, String>, clock: Arc<dyn Clock>) -> Self {
        Self::start(move |bound, stopped| async move {
            let configuration = chat_server::Configuration::from_vars(vars).unwrap();
            let server = chat_server::Server::build_with_clock(configuration, clock).await.unwrap();
            bound.send(server.addr()).unwrap();
            server.run(async { drop(stopped.await) }).await.unwrap();
        })
        .await
    }

    async fn start<F: Future<Output = ()>>(
        serve: impl FnOnce(mpsc::Sender<SocketAddr>, oneshot::Receiver<()>) -> F + Send + 'static,
    ) -> Self {
        let (bound, addr) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || actix_web::rt::System::new().block_on(serve(bound, stopped)));
        let addr = tokio::task::spawn_blocking(move || addr.recv()).await.unwrap().expect("the node starts");
        Self { addr, stop: Some(stop), thread }
    }
}

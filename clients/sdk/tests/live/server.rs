//! A server in a process of its own, which comes back at the same address.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

use natter::{Configuration, Natter};
use natter_client::{Address, Client, Server as Remote};
use testkit::{FakeClock, Process, example};
use tokio::sync::oneshot;
use uuid::Uuid;

/// A running server and its data.
pub(crate) struct Server {
    process: Process,
    home: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start(vars: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let process = Process::start(&example("server_for_sdk_tests"), home.path(), vars).await.unwrap();
        Self { process, home }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.process.addr()
    }

    /// Kills it with SIGKILL.
    pub(crate) async fn kill(self) -> Killed {
        let addr = self.addr().to_string();
        self.process.kill().await;
        Killed { addr, home: self.home }
    }
}

/// What is left of a killed server.
pub(crate) struct Killed {
    addr: String,
    home: tempfile::TempDir,
}

impl Killed {
    /// Starts it again, at the same address and on the same data.
    pub(crate) async fn start(self) -> Server {
        let vars = [("HTTP_ADDR", self.addr.as_str())];
        let process = Process::start(&example("server_for_sdk_tests"), self.home.path(), &vars).await.unwrap();
        Server { process, home: self.home }
    }
}

/// The server at this address, for clients.
pub(crate) fn remote(addr: SocketAddr) -> Remote {
    Remote::new(addr.to_string().parse::<Address>().unwrap()).unwrap()
}

/// The password of everybody.
pub(crate) const PASSWORD: &str = "a horse of the right colour";

/// Signs somebody up, under a name of its own, and in.
pub(crate) async fn somebody(addr: SocketAddr, name: &str) -> Client {
    let username = format!("{name}_{}", &Uuid::new_v4().simple().to_string()[..8]);
    let server = remote(addr);
    server.sign_up(&username, &format!("{username}@example.org"), PASSWORD).await.unwrap();
    server.sign_in(&username, PASSWORD, "tests").await.unwrap()
}

/// A server in this process, whose clock can be turned.
pub(crate) struct TurnedServer {
    pub(crate) addr: SocketAddr,
    pub(crate) clock: Arc<FakeClock>,
    _home: tempfile::TempDir,
    _stop: oneshot::Sender<()>,
}

impl TurnedServer {
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let vars = [
            ("HTTP_ADDR", "127.0.0.1:0"),
            ("HTTP_WORKERS", "1"),
            ("LIMITS_ENABLED", "false"),
            ("AUTH_HASH_MEMORY_KIB", "8192"),
            ("AUTH_HASH_PASSES", "1"),
            ("CHAT_STORE_FULL_LOG", "false"),
            ("DATA_DIR", home.path().to_str().unwrap()),
        ];
        let vars: HashMap<String, String> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let configuration = Configuration::from_vars(vars).unwrap();
        let clock = Arc::new(FakeClock::default());
        let turned = Arc::clone(&clock);
        let (bound, addr) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let natter = Natter::build_with_clock(configuration, turned).await.unwrap();
                bound.send(natter.addr()).unwrap();
                let until_dropped = async {
                    let _ = stopped.await;
                };
                natter.run(until_dropped).await.unwrap();
            });
        });
        let addr = tokio::task::spawn_blocking(move || addr.recv()).await.unwrap().unwrap();
        Self { addr, clock, _home: home, _stop: stop }
    }
}

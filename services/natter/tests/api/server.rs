//! A server for one test.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use natter::{Configuration, Natter};
use process::Engines;
use testkit::{FakeClock, Rest};
use tokio::sync::oneshot;

use crate::counted_bus::CountedBus;

/// Whether the product is one process here, or several nodes.
pub(crate) const ALONE: bool = true;

/// A server with a data directory of its own; it stops, and its data goes, when the value is dropped.
pub(crate) struct Server {
    pub(crate) rest: Rest,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) bus: Arc<CountedBus>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// What it was started with; gone when it was moved on to a successor.
    home: Option<(tempfile::TempDir, HashMap<String, String>)>,
}

impl Server {
    /// Starts a server without limits on rates and with cheap password hashing; `vars` win.
    pub(crate) async fn start(vars: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut all: HashMap<String, String> = [
            ("HTTP_ADDR", "127.0.0.1:0"),
            ("HTTP_WORKERS", "2"),
            ("LIMITS_ENABLED", "false"),
            ("AUTH_HASH_MEMORY_KIB", "8192"),
            ("AUTH_HASH_PASSES", "1"),
            ("AUTH_HASH_THREADS", "2"),
            ("CHAT_STORE_READERS", "2"),
            ("CHAT_STORE_FULL_LOG", "false"),
            ("DATA_DIR", home.path().join("data").to_str().unwrap()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        all.extend(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::run(home, all).await
    }

    /// Stops it, and starts another one on the same data.
    pub(crate) async fn restart(mut self) -> Self {
        let (home, vars) = self.home.take().unwrap();
        drop(self);
        Self::run(home, vars).await
    }

    async fn run(home: tempfile::TempDir, vars: HashMap<String, String>) -> Self {
        let configuration = Configuration::from_vars(vars.clone()).unwrap();
        let clock = Arc::new(FakeClock::default());
        let turned = Arc::clone(&clock);
        let mut engines = Engines::open(&configuration.base, "natter").await.unwrap();
        let bus = Arc::new(CountedBus::new(engines.bus));
        engines.bus = Arc::clone(&bus) as _;
        let (bound, addr) = mpsc::channel::<SocketAddr>();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let natter = Natter::build_on(engines, configuration, turned).await.unwrap();
                bound.send(natter.addr()).unwrap();
                let until_dropped = async {
                    let _ = stopped.await;
                };
                natter.run(until_dropped).await.unwrap();
            });
        });
        let addr = tokio::task::spawn_blocking(move || addr.recv()).await.unwrap().expect("the server starts");
        Self { rest: Rest::new(addr), clock, bus, stop: Some(stop), thread: Some(thread), home: Some((home, vars)) }
    }

    /// Where the server keeps its data.
    pub(crate) fn data_dir(&self) -> std::path::PathBuf {
        self.home.as_ref().unwrap().0.path().join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.expect("the server stops properly");
        }
    }
}

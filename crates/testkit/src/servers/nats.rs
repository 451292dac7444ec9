//! A private NATS with JetStream.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpStream};

use tokio::sync::OnceCell;

use super::supervised::{Kind, Supervised};
use super::{PATIENCE, Server};

/// Named after its directory, which nobody else has, so that it can be told from somebody else's.
const NATS: Kind = Kind {
    name: "nats",
    prepare: "",
    run: r#"exec "$PROGRAM" --addr 127.0.0.1 --port "$PORT" --name "${PWD##*/}" --jetstream --store_dir ."#,
    clean: "",
    unprivileged: false,
    answers,
};

/// A private NATS with JetStream: an own process with own data, which ends with this value or with the test process.
///
/// A killed one comes back with its streams and consumers. Whether every message is there is another matter: JetStream
/// acknowledges before its disk has them.
#[derive(Debug)]
pub struct NatsServer {
    pub(super) server: Server,
}

impl NatsServer {
    /// Starts one, on a free port.
    ///
    /// # Panics
    /// When NATS is not installed, or with its log when it does not answer in time.
    pub async fn start() -> Self {
        Self { server: Server::start(&NATS).await }
    }

    /// The one that all tests of this process share; each has subjects of its own. Do not kill it: the others notice.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<NatsServer> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.server.port())
    }
}

/// Says its name to whoever connects. By then JetStream has read its files.
fn answers(server: &Supervised) -> bool {
    let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port())) else { return false };
    let mut greeting = String::new();
    let heard = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| BufReader::new(stream).read_line(&mut greeting));
    let name = server.directory().file_name().unwrap_or_default().to_string_lossy();
    heard.is_ok()
        && greeting.contains(&format!(r#""server_name":"{name}""#))
        && greeting.contains(r#""jetstream":true"#)
}

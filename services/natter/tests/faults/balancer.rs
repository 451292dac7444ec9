//! The one address that clients know: each connection goes to a node at random that takes it, and stays there until it
//! ends. Every node serves both services, so that nothing is to be routed.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

/// How long a node may take to accept.
const ACCEPT_WITHIN: Duration = Duration::from_secs(1);

/// Passes bytes on, as a load balancer in TCP mode does: it knows who accepts, and not who answers.
pub(crate) struct Balancer {
    addr: SocketAddr,
    passing: JoinHandle<()>,
}

impl Balancer {
    /// Begins to pass connections on; `nodes` says at each one who runs.
    pub(crate) async fn start(nodes: impl Fn() -> Vec<SocketAddr> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let passing = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, nodes()));
            }
        });
        Self { addr, passing }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

async fn pass(mut near: TcpStream, nodes: Vec<SocketAddr>) {
    let first = usize::from(Uuid::new_v4().as_bytes()[0]);
    for node in nodes.iter().cycle().skip(first).take(nodes.len()) {
        if let Ok(Ok(mut far)) = timeout(ACCEPT_WITHIN, TcpStream::connect(node)).await {
            let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
            let _ = copy_bidirectional(&mut near, &mut far).await;
            return;
        }
    }
}

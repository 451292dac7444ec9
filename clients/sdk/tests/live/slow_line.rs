//! A line on which an answer's body comes long after its head, and that may lead around the auth service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use natter_client::{Client, SavedSession, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::server::remote;

/// What somebody says in the server's place when the auth service is away.
const AUTH_IS_AWAY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// Passes bytes on, one request and one answer after the other.
#[derive(Clone)]
pub(crate) struct SlowLine {
    pub(crate) addr: SocketAddr,
    pub(crate) is_slow: Arc<AtomicBool>,
    pub(crate) refuses_refreshes: Arc<AtomicBool>,
    pub(crate) has_refused: Arc<AtomicBool>,
}

impl SlowLine {
    /// Between the head and the body of an answer.
    pub(crate) const PAUSE: Duration = Duration::from_millis(400);

    pub(crate) async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (is_slow, refuses_refreshes, has_refused) = (Arc::default(), Arc::default(), Arc::default());
        let line = Self { addr, is_slow, refuses_refreshes, has_refused };
        let passing = line.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let passing = passing.clone();
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else { return };
                    passing.pass(near, far).await;
                });
            }
        });
        line
    }

    /// The same person, through this line.
    pub(crate) async fn client(&self, person: &Client) -> Client {
        self.client_until(person, person.saved().await.access_ends_at).await
    }

    /// The same, who believes that the access token ends then.
    pub(crate) async fn client_until(&self, person: &Client, end: Timestamp) -> Client {
        let server = format!("http://{}", self.addr);
        let saved = SavedSession { server, access_ends_at: end, ..person.saved().await };
        remote(self.addr).resume_saved(saved)
    }

    async fn pass(&self, mut near: TcpStream, mut far: TcpStream) {
        let (mut asked, mut said) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        loop {
            tokio::select! {
                read = near.read(&mut asked) => {
                    let Ok(read @ 1..) = read else { return };
                    if self.refuses_refreshes.load(Ordering::SeqCst) && asked.starts_with(b"POST /v1/auth/refresh") {
                        self.has_refused.store(true, Ordering::SeqCst);
                        if near.write_all(AUTH_IS_AWAY).await.is_err() { return }
                    } else if far.write_all(&asked[..read]).await.is_err() {
                        return;
                    }
                }
                read = far.read(&mut said) => {
                    let Ok(read @ 1..) = read else { return };
                    let head = said[..read].windows(4).position(|four| four == b"\r\n\r\n").map_or(read, |at| at + 4);
                    if near.write_all(&said[..head]).await.is_err() { return }
                    if self.is_slow.load(Ordering::SeqCst) && head < read {
                        let _ = timeout(Self::PAUSE, std::future::pending::<()>()).await;
                    }
                    if near.write_all(&said[head..read]).await.is_err() { return }
                }
            }
        }
    }
}

//! The listening socket, and a hold on each connection that outlives what actix shows of it.

use std::any::Any;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

/// Data that the peer's system does not take for this long ends the connection, also when the peer keeps it alive with
/// a window of zero (I12). Inherited by every accepted connection.
const USER_TIMEOUT: Duration = Duration::from_secs(10);
const BACKLOG: i32 = 4_096;

/// Binds the address. Port 0 takes a free one.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// A second handle of a connection's socket, with which it can be ended while actix waits for a peer that takes nothing.
#[derive(Clone, Debug)]
pub struct SocketKey(Arc<Socket>);

impl SocketKey {
    /// Lets actix see the end of what the peer sends, so that it ends the connection once everything is written.
    pub fn stop_reading(&self) {
        let _ = self.0.shutdown(Shutdown::Read);
    }

    /// Ends the connection at once, whatever waits to be sent.
    pub fn cut(&self) {
        // The peer may have been faster.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Puts a [`SocketKey`] where the connection's requests find it. Use with `HttpServer::on_connect`.
pub fn remember_socket(connection: &dyn Any, extensions: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Ok(socket) = SockRef::from(stream).try_clone()
    {
        extensions.insert(SocketKey(Arc::new(socket)));
    }
}

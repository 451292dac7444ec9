//! The listening socket, and a hold on each connection that outlives what actix shows of it.

use std::any::Any;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use nix::sys::socket::{Shutdown, SockaddrStorage, getpeername, shutdown};
use socket2::{Domain, Protocol, Socket, Type};

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

/// A hold on a connection's socket, with which it can be ended while actix waits for a peer that takes nothing.
///
/// It is the descriptor's number and not a second descriptor, which would halve the connections that a process can have. A
/// number may belong to another connection once this one is gone, so the peer is compared first. Keys are used on the thread
/// that closes the connection, so nothing happens between the look and the act.
#[derive(Clone, Copy, Debug)]
pub struct SocketKey {
    descriptor: RawFd,
    peer: SocketAddr,
}

impl SocketKey {
    fn of(stream: &TcpStream) -> Option<Self> {
        let descriptor = stream.as_raw_fd();
        peer_of(descriptor).map(|peer| Self { descriptor, peer })
    }

    /// Lets actix see the end of what the peer sends, so that it ends the connection once everything is written.
    pub fn stop_reading(&self) {
        self.shut_down(Shutdown::Read);
    }

    /// Ends the connection at once, whatever waits to be sent.
    pub fn cut(&self) {
        self.shut_down(Shutdown::Both);
    }

    /// The peer may have been faster: then there is nothing to do, or somebody else has the number.
    fn shut_down(&self, how: Shutdown) {
        if peer_of(self.descriptor) == Some(self.peer) {
            let _ = shutdown(self.descriptor, how);
        }
    }
}

fn peer_of(descriptor: RawFd) -> Option<SocketAddr> {
    let peer = getpeername::<SockaddrStorage>(descriptor).ok()?;
    let v4 = peer.as_sockaddr_in().map(|peer| SocketAddr::V4((*peer).into()));
    v4.or_else(|| peer.as_sockaddr_in6().map(|peer| SocketAddr::V6((*peer).into())))
}

/// Puts a [`SocketKey`] where the connection's requests find it. Use with `HttpServer::on_connect`.
pub fn remember_socket(connection: &dyn Any, extensions: &mut Extensions) {
    if let Some(key) = connection.downcast_ref::<TcpStream>().and_then(SocketKey::of) {
        extensions.insert(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::TcpStream as Plain;

    fn connection(listener: &TcpListener) -> (Plain, TcpStream) {
        let client = Plain::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        (client, TcpStream::from_std(server).unwrap())
    }

    #[actix_web::test]
    async fn a_key_ends_its_connection_and_never_another_that_has_its_number() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (mut client, server) = connection(&listener);
        let key = SocketKey::of(&server).unwrap();
        key.cut();
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "the connection has ended");

        let (_first, server) = connection(&listener);
        let key = SocketKey::of(&server).unwrap();
        drop(server);
        // The system gives the lowest number that is free: the server's end gets the first of two.
        let mut client = Plain::connect(listener.local_addr().unwrap()).unwrap();
        client.set_nonblocking(true).unwrap();
        let heir = SocketKey { descriptor: client.as_raw_fd(), peer: key.peer };
        heir.cut();
        let still_open = client.read(&mut [0]).unwrap_err();
        assert_eq!(still_open.kind(), io::ErrorKind::WouldBlock);
    }
}

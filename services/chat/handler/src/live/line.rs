//! The TCP connection under a WebSocket, once it has left HTTP: read and written without waiting, by whoever has its thread.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::Shutdown;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;
use tokio::io::Interest;

/// A connection.
pub(super) struct Line {
    stream: TcpStream,
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream }
    }

    /// Waits until there may be something to read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        poll_fn(|context| self.stream.poll_read_ready(context)).await
    }

    /// Waits until something may be written.
    pub(super) async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Reads what has come, as far as there is room for it: 0 bytes are the end. `WouldBlock` when nothing has come.
    pub(super) fn read(&self, room: &mut [u8]) -> io::Result<usize> {
        let mut got = None;
        let tried = self.stream.try_io(Interest::READABLE, || {
            let bytes = (&*SockRef::from(&self.stream)).read(room)?;
            got = Some(bytes);
            // Less than there was room for is all there is. Saying so now saves the look that would find nothing.
            if (1..room.len()).contains(&bytes) { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        match got {
            Some(bytes) => Ok(bytes),
            None => tried.map(|()| 0),
        }
    }

    /// Writes as much of these pieces as the system takes now. `WouldBlock` when it takes nothing.
    pub(super) fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => self.stream.try_write(piece),
            pieces => self.stream.try_write_vectored(pieces),
        }
    }

    /// Lets the peer read the end after what has been written.
    pub(super) fn finish(&self) {
        // It may be gone already.
        let _ = SockRef::from(&self.stream).shutdown(Shutdown::Write);
    }

    /// Ends the connection at once, whatever waits to be sent.
    pub(super) fn cut(&self) {
        let _ = SockRef::from(&self.stream).shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    async fn pair() -> (Line, std::net::TcpStream) {
        let listener = actix_web::rt::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (Line::new(listener.accept().await.unwrap().0), peer)
    }

    #[actix_web::test]
    async fn what_has_come_is_read_and_after_it_there_is_nothing_until_more_comes() {
        let (line, mut peer) = pair().await;
        let mut room = [0; 8];
        for sent in [&b"abc"[..], b"12345678", b"x"] {
            peer.write_all(sent).unwrap();
            line.readable().await.unwrap();
            assert_eq!(line.read(&mut room).unwrap(), sent.len());
            assert_eq!(&room[..sent.len()], sent);
        }
        assert_eq!(line.read(&mut room).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(peer);
        line.readable().await.unwrap();
        assert_eq!(line.read(&mut room).unwrap(), 0);
    }

    #[actix_web::test]
    async fn a_finished_line_ends_after_what_was_written_and_a_cut_one_ends() {
        let (line, mut peer) = pair().await;
        line.writable().await.unwrap();
        assert_eq!(line.write(&[IoSlice::new(b"good"), IoSlice::new(b"bye")]).unwrap(), 7);
        line.finish();
        let mut told = String::new();
        peer.read_to_string(&mut told).unwrap();
        assert_eq!(told, "goodbye");

        let (line, mut peer) = pair().await;
        line.cut();
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        line.writable().await.unwrap();
        assert!(line.write(&[IoSlice::new(b"late")]).is_err());
    }
}

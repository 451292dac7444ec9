//! One WebSocket of the swarm: a TCP stream, what has arrived of an incomplete frame, and what the system has not taken.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use contract::frames::{SUBPROTOCOL, ServerFrame, Start, Started};
use serde::Deserialize;

use crate::frame;

/// How long a server may take to let somebody in.
const WITHIN: Duration = Duration::from_secs(30);
/// The key of the handshake: the server's answer to it is not looked at.
const KEY: &str = "bmF0dGVyLWxvYWQta2V5IQ==";
/// The `id` of the only `start`.
const START_ID: &str = "start";

/// One WebSocket.
pub struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come.
    partial: Vec<u8>,
    unsent: Vec<u8>,
}

#[derive(Deserialize)]
struct StartReply {
    ok: bool,
    data: Option<Started>,
    error: Option<serde_json::Value>,
}

/// What `hear` is told.
pub enum Heard<'a> {
    /// A text frame.
    Text(&'a [u8]),
    /// The server has closed with this code.
    Closed(u16),
}

impl Socket {
    /// Opens a socket. Reading from it waits until [`let_go`](Self::let_go).
    pub fn open(addr: SocketAddr, token: &str) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&addr, WITHIN)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        let mut socket = Self { stream, partial: Vec::new(), unsent: Vec::new() };
        socket.upgrade(addr, token)?;
        Ok(socket)
    }

    /// Waits for `hello`; gives the epoch.
    pub fn hello(&mut self, buffer: &mut [u8]) -> io::Result<String> {
        let mut epoch = String::new();
        self.await_text(buffer, |text| match serde_json::from_slice(text) {
            Ok(ServerFrame::Hello(hello)) => {
                epoch = hello.epoch;
                Ok(Some(()))
            }
            _ => Err(io::Error::other(format!("not hello, but {}", String::from_utf8_lossy(text)))),
        })?;
        Ok(epoch)
    }

    /// Starts, and waits until the server is ready. Gives the rooms that it follows.
    pub fn start(&mut self, buffer: &mut [u8], from: &Start) -> io::Result<Started> {
        let mut started = Started { rooms: Vec::new() };
        self.send(&Request { id: START_ID, kind: "start", data: from }.to_json())?;
        self.await_text(buffer, |text| {
            if let Ok(reply) = serde_json::from_slice::<StartReply>(text) {
                if !reply.ok {
                    return Err(io::Error::other(format!("start was refused: {:?}", reply.error)));
                }
                started.rooms.extend(reply.data.map(|data| data.rooms).unwrap_or_default());
                return Ok(None);
            }
            match serde_json::from_slice(text) {
                Ok(ServerFrame::Rooms(more)) => {
                    started.rooms.extend(more.rooms);
                    Ok(None)
                }
                Ok(ServerFrame::Ready) => Ok(Some(())),
                _ => Ok(None),
            }
        })?;
        Ok(started)
    }

    /// From now on neither reading nor sending waits.
    pub fn let_go(&self) -> io::Result<()> {
        self.stream.set_nonblocking(true)
    }

    fn upgrade(&mut self, addr: SocketAddr, token: &str) -> io::Result<()> {
        write!(
            self.stream,
            "GET /v1/ws HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )?;
        let mut answer = [0; 8_192];
        let mut read = 0;
        loop {
            let more = self.stream.read(&mut answer[read..])?;
            if more == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            read += more;
            let mut headers = [httparse::EMPTY_HEADER; 64];
            let mut response = httparse::Response::new(&mut headers);
            if let httparse::Status::Complete(head) =
                response.parse(&answer[..read]).map_err(|error| io::Error::other(error.to_string()))?
            {
                if response.code == Some(101) {
                    self.partial.extend_from_slice(&answer[head..read]);
                    return Ok(());
                }
                let body = String::from_utf8_lossy(&answer[head..read]);
                return Err(io::Error::other(format!("no socket: {} {body}", response.code.unwrap_or(0))));
            }
        }
    }

    /// Reads until a text says what was waited for.
    fn await_text(
        &mut self,
        buffer: &mut [u8],
        mut judge: impl FnMut(&[u8]) -> io::Result<Option<()>>,
    ) -> io::Result<()> {
        let mut judged = Ok(None);
        loop {
            let is_open = self.read_once(buffer, &mut |heard| {
                judged = match (heard, &judged) {
                    (Heard::Text(text), Ok(None)) => judge(text),
                    (Heard::Closed(code), Ok(None)) => Err(io::Error::other(format!("closed with {code}"))),
                    // What comes with it can be nothing that is measured: nobody talks yet.
                    _ => return,
                };
            })?;
            if std::mem::replace(&mut judged, Ok(None))?.is_some() {
                return Ok(());
            }
            if !is_open {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads all that has come. `false` when the server has ended the connection.
    pub fn read_all(&mut self, buffer: &mut [u8], mut hear: impl FnMut(Heard<'_>)) -> io::Result<bool> {
        loop {
            let room = buffer.len() - self.partial.len();
            match self.read_counted(buffer, &mut hear) {
                Ok(0) => return Ok(false),
                // Less than there was room for: the system had no more, and tells when it has.
                Ok(read) if read < room => return Ok(true),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn read_once(&mut self, buffer: &mut [u8], hear: &mut impl FnMut(Heard<'_>)) -> io::Result<bool> {
        // What came with the handshake may be a whole frame already.
        let kept = std::mem::take(&mut self.partial);
        buffer[..kept.len()].copy_from_slice(&kept);
        let used = self.take_frames(&buffer[..kept.len()], hear);
        self.partial.extend_from_slice(&buffer[used..kept.len()]);
        if used > 0 {
            return Ok(true);
        }
        self.read_counted(buffer, hear).map(|read| read > 0)
    }

    fn read_counted(&mut self, buffer: &mut [u8], hear: &mut impl FnMut(Heard<'_>)) -> io::Result<usize> {
        let kept = self.partial.len();
        let Some(room) = buffer.get_mut(kept..).filter(|room| !room.is_empty()) else {
            return Err(io::Error::other("a frame is larger than any that a server may send"));
        };
        let read = self.stream.read(room)?;
        buffer[..kept].copy_from_slice(&self.partial);
        self.partial.clear();
        let used = self.take_frames(&buffer[..kept + read], hear);
        self.partial.extend_from_slice(&buffer[used..kept + read]);
        Ok(read)
    }

    fn take_frames(&mut self, bytes: &[u8], hear: &mut impl FnMut(Heard<'_>)) -> usize {
        let mut at = 0;
        while let Some(frame) = frame::first(&bytes[at..]) {
            at += frame.length;
            match frame.opcode {
                frame::TEXT => hear(Heard::Text(frame.payload)),
                frame::PING => frame::put(&mut self.unsent, frame::PONG, frame.payload),
                frame::CLOSE => {
                    let code = frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    hear(Heard::Closed(code));
                }
                _ => {}
            }
        }
        at
    }

    /// Sends a text, now or when the system takes it.
    pub fn send(&mut self, text: &[u8]) -> io::Result<()> {
        frame::put(&mut self.unsent, frame::TEXT, text);
        self.flush()
    }

    /// Gives the system what it takes of what waits.
    pub fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.unsent.drain(..written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// For the poll.
    pub fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }
}

/// A request, as `contract::frames::Request` is, around any data: that one holds a tree of JSON values, which would have
/// to be made for each message.
#[derive(serde::Serialize)]
pub struct Request<'a, T> {
    /// Comes back in the reply.
    pub id: &'a str,
    /// What is asked.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The arguments.
    pub data: &'a T,
}

impl<T: serde::Serialize> Request<'_, T> {
    /// As it is sent.
    pub fn to_json(&self) -> Vec<u8> {
        // Ours have string keys and no serialiser that fails.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

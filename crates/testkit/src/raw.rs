//! A peer that misbehaves: it reads and writes bytes, and answers nothing by itself.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::PATIENCE;

/// An open WebSocket without a library.
pub struct RawSocket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A frame as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Its opcode: 1 text, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// What it carries.
    pub payload: Vec<u8>,
}

impl RawFrame {
    /// The code of a close frame.
    pub fn close_code(&self) -> Option<u16> {
        (self.opcode == 8).then(|| u16::from_be_bytes([self.payload[0], self.payload[1]]))
    }
}

impl RawSocket {
    /// Opens a socket with an access token. A small `receive_buffer` makes the peer's window close early.
    pub async fn connect(addr: SocketAddr, token: &str, receive_buffer: Option<u32>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let mut stream = socket.connect(addr).await.unwrap();
        let request = format!(
            "GET /v1/ws HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: chat.v1\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = Vec::new();
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(stream.read_buf(&mut buffer).await.unwrap() > 0, "the server ended the handshake");
        };
        assert!(buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&buffer));
        buffer.drain(..end);
        Self { stream, buffer }
    }

    /// Writes a masked frame. `declared` is the length in the header, which need not be true.
    pub async fn send(&mut self, first_byte: u8, declared: u64, payload: &[u8]) {
        let mut bytes = vec![first_byte];
        match declared {
            0..=125 => bytes.push(0x80 | declared as u8),
            126..=0xffff => {
                bytes.push(0x80 | 126);
                bytes.extend((declared as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend(declared.to_be_bytes());
            }
        }
        // A mask of zeros changes nothing.
        bytes.extend([0; 4]);
        bytes.extend(payload);
        // A server that has ended the connection refuses the rest.
        let _ = self.write(&bytes).await;
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// When the server has ended the connection.
    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("the server reads")
    }

    /// Sends a text frame.
    pub async fn text(&mut self, text: &str) {
        self.send(0x81, text.len() as u64, text.as_bytes()).await;
    }

    /// Asks to start without a cursor and waits for the answer: what happens from then on is sent.
    pub async fn start(&mut self) {
        self.text(r#"{"id":"1","type":"start"}"#).await;
        loop {
            let frame = self.frame().await.expect("the server answers a start");
            let told: Value = serde_json::from_slice(&frame.payload).unwrap_or_default();
            if told["reply_to"] == "1" {
                assert_eq!(told["ok"], true, "{told}");
                return;
            }
        }
    }

    /// The next frame; `None` when the connection has ended.
    pub async fn frame(&mut self) -> Option<RawFrame> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Some(frame);
            }
            match timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await.expect("something comes in time") {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    fn take_frame(&mut self) -> Option<RawFrame> {
        let bytes = &self.buffer;
        let (length, start) = match *bytes.get(1)? {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()), 10),
            short => (u64::from(short), 2),
        };
        let end = start + usize::try_from(length).unwrap();
        let payload = bytes.get(start..end)?.to_vec();
        let opcode = bytes[0] & 0x0f;
        self.buffer.drain(..end);
        Some(RawFrame { opcode, payload })
    }

    /// Reads to the end of the connection and gives the code of the close frame, if there was one.
    pub async fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(frame) = self.frame().await {
            if let Some(found) = frame.close_code() {
                code = Some(found);
                self.send(0x88, 2, &found.to_be_bytes()).await;
            }
        }
        code
    }
}

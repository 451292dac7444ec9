//! Thousands of sockets on one thread: opens them, waits for all at once, and hands over what they hear.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::socket::{Heard, Socket};

/// What is read at once. It holds the largest frame that a server may send, 1 MiB, and more.
const BUFFER: usize = 2 * 1024 * 1024;

/// Sockets of one thread, known by their number.
pub struct Swarm {
    poll: Poll,
    events: Events,
    sockets: Vec<Socket>,
    buffer: Vec<u8>,
    /// What all have heard, of whatever kind.
    heard: u64,
}

/// What a socket hears; `None` when the connection is gone.
pub type Ears<'a> = &'a mut dyn FnMut(usize, Option<Heard<'_>>);

impl Swarm {
    /// No sockets yet.
    pub fn new() -> io::Result<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(4_096));
        Ok(Self { poll, events, sockets: Vec::new(), buffer: vec![0; BUFFER], heard: 0 })
    }

    /// Opens one more and starts it; gives the rooms that it follows.
    pub fn open(&mut self, addr: SocketAddr, token: &str) -> io::Result<contract::frames::Started> {
        let mut socket = Socket::open(addr, token)?;
        socket.hello(&mut self.buffer)?;
        let started = socket.start(&mut self.buffer, &contract::frames::Start::default())?;
        socket.let_go()?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut SourceFd(&socket.fd()), Token(self.sockets.len()), interest)?;
        self.sockets.push(socket);
        Ok(started)
    }

    /// Sends a text.
    pub fn send(&mut self, socket: usize, text: &[u8]) -> io::Result<()> {
        self.sockets[socket].send(text)
    }

    /// Waits for a while, at most, and hands over what has come.
    pub fn wait(&mut self, timeout: Duration, ears: Ears<'_>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            let number = event.token().0;
            let socket = &mut self.sockets[number];
            let mut is_open = true;
            if event.is_readable() || event.is_read_closed() {
                let read = socket.read_all(&mut self.buffer, |heard| {
                    self.heard += 1;
                    ears(number, Some(heard));
                });
                is_open = read.unwrap_or(false);
            }
            // Pongs wait there, too.
            if !is_open || socket.flush().is_err() {
                ears(number, None);
            }
        }
        Ok(())
    }
    /// How much all have heard since the beginning.
    pub fn heard(&self) -> u64 {
        self.heard
    }
}

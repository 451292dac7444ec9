//! What a client sends: from the bytes of its connection to frames, one at a time.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::rc::Rc;

use actix_codec::Decoder;
use actix_http::ws::{Codec, Frame, ProtocolError};
use bytes::BytesMut;

use super::guard::FrameGuard;
use super::outbox::Outbox;

/// Bytes that are read at once, into memory that all sockets of a worker share.
const READ_AT_ONCE: usize = 16 * 1024;

/// Why there are no more frames.
#[derive(Debug)]
pub(super) enum Fault {
    /// The peer is gone.
    Gone,
    /// What comes is too large.
    TooLarge,
    /// What has come is no frame.
    Broken,
}

/// The memory that a worker reads into.
pub(super) type ReadBuffer = Rc<RefCell<Box<[u8]>>>;

/// Memory for a worker.
pub(super) fn read_buffer() -> ReadBuffer {
    Rc::new(RefCell::new(vec![0; READ_AT_ONCE].into_boxed_slice()))
}

/// Frames in the bytes that have come. An idle one keeps no memory.
pub(super) struct Frames {
    codec: Codec,
    guard: FrameGuard,
    /// What has come and is no whole frame yet.
    bytes: BytesMut,
    /// Whether a frame was too large; what comes after it is thrown away, so that the peer gets to read why.
    is_refused: bool,
    /// Whether the peer has said goodbye in what was thrown away.
    has_left: bool,
    /// Whether something has come that is no frame.
    is_broken: bool,
}

impl Frames {
    /// Of messages of so many bytes at most, that begin with what has come already.
    pub(super) fn new(max_message: usize, early: &[u8]) -> Self {
        let mut frames = Self {
            codec: Codec::new().max_size(max_message),
            guard: FrameGuard::new(max_message),
            bytes: BytesMut::new(),
            is_refused: false,
            has_left: false,
            is_broken: false,
        };
        frames.add(early);
        frames
    }

    /// Takes what has come next.
    pub(super) fn add(&mut self, chunk: &[u8]) {
        if self.is_refused {
            self.has_left |= self.guard.finds_close(chunk);
            return;
        }
        match self.guard.check(chunk) {
            Ok(()) => self.bytes.extend_from_slice(chunk),
            Err(refused) => {
                self.is_refused = true;
                self.bytes.extend_from_slice(&chunk[..refused.begins]);
                self.has_left = self.guard.finds_close(&chunk[refused.payload..]);
            }
        }
    }

    /// The next frame; `None` when the rest of it must come first. After one that is none there are no more.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Fault> {
        if self.is_broken {
            return Err(Fault::Broken);
        }
        match self.codec.decode(&mut self.bytes) {
            Ok(Some(frame)) => {
                if self.bytes.is_empty() {
                    self.bytes = BytesMut::new();
                }
                Ok(Some(frame))
            }
            Ok(None) if self.is_refused => Err(Fault::TooLarge),
            Ok(None) => Ok(None),
            Err(error) => {
                self.is_broken = true;
                Err(if matches!(error, ProtocolError::Overflow) { Fault::TooLarge } else { Fault::Broken })
            }
        }
    }
}

/// The frames of a connection.
pub(super) struct Incoming {
    outbox: Rc<Outbox>,
    frames: Frames,
    buffer: ReadBuffer,
    /// Whether the last read was a full one, so that more is there: others come first.
    has_had_much: bool,
}

impl Incoming {
    /// What comes on the connection that an outbox writes to, after what has come already.
    pub(super) fn new(outbox: Rc<Outbox>, max_message: usize, early: &[u8], buffer: ReadBuffer) -> Self {
        Self { outbox, frames: Frames::new(max_message, early), buffer, has_had_much: false }
    }

    /// Waits for the next frame. Nothing is lost when it is not waited for to the end.
    pub(super) async fn next(&mut self) -> Result<Frame, Fault> {
        loop {
            if let Some(frame) = self.frames.next()? {
                return Ok(frame);
            }
            self.read().await?;
        }
    }

    /// Waits until the peer says goodbye or is gone; whatever else comes is thrown away.
    pub(super) async fn goodbye(&mut self) {
        loop {
            match self.frames.next() {
                Ok(Some(Frame::Close(_))) | Err(Fault::Gone | Fault::Broken) => return,
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(Fault::TooLarge) if self.frames.has_left => return,
                Err(Fault::TooLarge) => {}
            }
            if self.read().await.is_err() {
                return;
            }
        }
    }

    /// Waits for bytes and takes them.
    async fn read(&mut self) -> Result<(), Fault> {
        let Some(line) = self.outbox.line() else { return Err(Fault::Gone) };
        if std::mem::take(&mut self.has_had_much) {
            tokio::task::yield_now().await;
        }
        loop {
            line.readable().await.map_err(|_| Fault::Gone)?;
            let mut buffer = self.buffer.borrow_mut();
            match line.read(&mut buffer) {
                Ok(0) => return Err(Fault::Gone),
                Ok(bytes) => {
                    self.has_had_much = bytes == buffer.len();
                    self.frames.add(&buffer[..bytes]);
                    return Ok(());
                }
                Err(error) if is_passing(&error) => {}
                Err(_) => return Err(Fault::Gone),
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    use actix_web::rt;
    use actix_web::rt::net::{TcpListener, TcpStream};
    use tokio::io::AsyncWriteExt;

    use super::super::line::Line;

    /// A masked frame, with a mask that changes nothing.
    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![opcode, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        bytes.extend_from_slice(payload);
        bytes
    }

    fn texts(frames: &mut Frames) -> Vec<String> {
        std::iter::from_fn(|| match frames.next() {
            Ok(Some(Frame::Text(text))) => Some(String::from_utf8(text.to_vec()).unwrap()),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn frames_come_whole_wherever_the_bytes_are_cut_and_nothing_is_kept_between_them() {
        let sent: Vec<u8> = ["one", "two", "three"].iter().flat_map(|text| frame(0x81, text.as_bytes())).collect();
        for cut in 1..sent.len() {
            let mut frames = Frames::new(100, &[]);
            let heard: Vec<_> = sent
                .chunks(cut)
                .flat_map(|chunk| {
                    frames.add(chunk);
                    texts(&mut frames)
                })
                .collect();
            assert_eq!(heard, ["one", "two", "three"]);
            assert_eq!(frames.bytes.capacity(), 0);
        }
    }

    #[test]
    fn what_came_with_the_handshake_is_heard() {
        let mut frames = Frames::new(100, &frame(0x81, b"early"));
        assert_eq!(texts(&mut frames), ["early"]);
    }

    #[test]
    fn what_comes_before_a_frame_that_is_too_large_is_heard_and_after_it_only_a_goodbye() {
        let mut sent = frame(0x81, b"fine");
        sent.extend(frame(0x81, &[b'x'; 50]));
        let mut frames = Frames::new(40, &[]);
        frames.add(&sent[..20]);
        frames.add(&sent[20..]);
        assert_eq!(texts(&mut frames), ["fine"]);
        assert!(matches!(frames.next(), Err(Fault::TooLarge)));
        frames.add(&frame(0x81, b"again"));
        assert!(matches!(frames.next(), Err(Fault::TooLarge)));
        assert!(!frames.has_left);
        frames.add(&frame(0x88, b""));
        assert!(frames.has_left);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let unmasked = [0x81, 0x02, b'h', b'i'];
        assert!(matches!(Frames::new(100, &unmasked).next(), Err(Fault::Broken)));
    }

    #[actix_web::test]
    async fn whoever_sends_very_much_lets_others_have_their_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let outbox = Outbox::new(1 << 20, 100, Rc::default());
        outbox.connect(Line::new(listener.accept().await.unwrap().0));
        const PONGS: usize = 100_000;
        let pongs = frame(0x8a, b"").repeat(PONGS);
        let turns_at_least = pongs.len() / READ_AT_ONCE / 2;
        rt::spawn(async move { peer.write_all(&pongs).await.unwrap() });
        let turns = Rc::new(Cell::new(0));
        rt::spawn({
            let turns = Rc::clone(&turns);
            async move {
                loop {
                    turns.set(turns.get() + 1);
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut incoming = Incoming::new(outbox, 1_000, &[], read_buffer());
        for _ in 0..PONGS {
            assert!(matches!(incoming.next().await, Ok(Frame::Pong(_))));
        }
        assert!(turns.get() >= turns_at_least, "{} turns, {turns_at_least} wanted", turns.get());
        assert!(matches!(incoming.next().await, Err(Fault::Gone)));
    }
}

//! Looks at the headers of a client's frames before anything is buffered (I13).
//!
//! actix checks a frame's size only once the declared bytes are in memory, so a peer that declares a gigabyte would be
//! given one. The guard stands between the connection and actix's parser and lets through what fits.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use tokio::sync::Notify;

/// Fragments of one message at most: each costs some memory whatever it carries.
const MAX_FRAGMENTS: u32 = 256;
/// The longest header: two bytes, eight of length, four of mask.
const MAX_HEADER: usize = 14;
/// The opcode of a close frame.
const CLOSE: u8 = 8;

/// Tells the reader that a frame was refused. Shared by a guard and its socket.
#[derive(Clone, Default)]
pub(super) struct Refusal(Rc<(Cell<bool>, Notify)>);

impl Refusal {
    /// Resolves when a frame has been refused.
    pub(super) async fn happened(&self) {
        while !self.has_happened() {
            self.0.1.notified().await;
        }
    }

    /// Whether a frame has been refused.
    pub(super) fn has_happened(&self) -> bool {
        self.0.0.get()
    }

    fn set(&self) {
        self.0.0.set(true);
        self.0.1.notify_waiters();
        self.0.1.notify_one();
    }
}

/// A connection's bytes, up to the first frame that is too large; what comes after it is read and thrown away, so that
/// the peer gets to see why.
///
/// They are passed on a little at a time: actix-ws reads all there is before it hands out the first message, and keeps
/// each small frame in a place many times its size.
pub(super) struct FrameGuard<S> {
    bytes: S,
    headers: Headers,
    refusal: Refusal,
    /// What has arrived and was not passed on yet.
    waiting: Bytes,
    /// What may still be passed on before the reader has to take what it has.
    budget: Budget,
}

struct Budget {
    bytes: usize,
    frames: u32,
}

impl Budget {
    const FULL: Self = Self { bytes: 16 * 1024, frames: 64 };
}

impl<S> FrameGuard<S> {
    pub(super) fn new(bytes: S, max_message: usize, refusal: Refusal) -> Self {
        let headers = Headers::new(max_message as u64);
        Self { bytes, headers, refusal, waiting: Bytes::new(), budget: Budget::FULL }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for FrameGuard<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.waiting.is_empty() {
                let Poll::Ready(chunk) = Pin::new(&mut this.bytes).poll_next(context) else {
                    this.budget = Budget::FULL;
                    return Poll::Pending;
                };
                let Some(chunk) = chunk.transpose()? else { return Poll::Ready(None) };
                this.waiting = chunk;
            }
            if this.refusal.has_happened() {
                let thrown_away = std::mem::take(&mut this.waiting);
                if this.headers.finds_close(&thrown_away) {
                    return Poll::Ready(None);
                }
                continue;
            }
            if this.budget.bytes == 0 || this.budget.frames == 0 {
                this.budget = Budget::FULL;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let piece = this.waiting.len().min(this.budget.bytes);
            let fine = this.headers.check(&this.waiting[..piece], this.budget.frames);
            this.budget.bytes -= fine.end;
            this.budget.frames -= fine.frames.min(this.budget.frames);
            let passed = this.waiting.split_to(fine.end);
            if fine.is_refused {
                let header = this.waiting.split_to(fine.read - fine.end);
                drop(header);
                this.refusal.set();
            }
            if !passed.is_empty() {
                return Poll::Ready(Some(Ok(passed)));
            }
        }
    }
}

/// How far a chunk is fine.
#[derive(Debug, PartialEq, Eq)]
struct Fine {
    /// The bytes that may be passed on.
    end: usize,
    /// The bytes up to there, and with the header of a frame that is too large.
    read: usize,
    /// The frames that begin in them.
    frames: u32,
    /// Whether a frame that is too large comes next.
    is_refused: bool,
}

/// Follows the frames through a stream of bytes.
struct Headers {
    max_message: u64,
    /// What has arrived of the header that is being read.
    header: [u8; MAX_HEADER],
    header_length: usize,
    /// What is missing of the current frame's payload.
    payload_left: u64,
    message: u64,
    fragments: u32,
}

impl Headers {
    fn new(max_message: u64) -> Self {
        Self { max_message, header: [0; MAX_HEADER], header_length: 0, payload_left: 0, message: 0, fragments: 0 }
    }

    /// Looks for the first frame that is too large, up to the end or to this many frames.
    fn check(&mut self, chunk: &[u8], max_frames: u32) -> Fine {
        let mut at = 0;
        let mut frame_began = 0;
        let mut frames = 0;
        while at < chunk.len() && frames < max_frames {
            if self.payload_left == 0 && self.header_length == 0 {
                frame_began = at;
            }
            if let Some(length) = self.step(chunk, &mut at) {
                frames += 1;
                if !self.fits(length) {
                    return Fine { end: frame_began, read: at, frames, is_refused: true };
                }
            }
        }
        Fine { end: at, read: at, frames, is_refused: false }
    }

    /// Whether the peer says goodbye somewhere in a chunk that is thrown away.
    fn finds_close(&mut self, chunk: &[u8]) -> bool {
        let mut at = 0;
        while at < chunk.len() {
            if self.step(chunk, &mut at).is_some() && self.header[0] & 0x0f == CLOSE {
                return true;
            }
        }
        false
    }

    /// Moves on by what is left of a payload, or by one byte of a header; gives the payload's length when the header is
    /// complete.
    fn step(&mut self, chunk: &[u8], at: &mut usize) -> Option<u64> {
        if self.payload_left > 0 {
            let skipped = self.payload_left.min((chunk.len() - *at) as u64);
            self.payload_left -= skipped;
            *at += skipped as usize;
            return None;
        }
        self.header[self.header_length] = chunk[*at];
        self.header_length += 1;
        *at += 1;
        if self.header_length < 2 || self.header_length < self.wanted() {
            return None;
        }
        self.payload_left = self.declared();
        self.header_length = 0;
        Some(self.payload_left)
    }

    /// How long the header is that begins with the two bytes that are there.
    fn wanted(&self) -> usize {
        let length = match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if self.header[1] & 0x80 == 0 { length } else { length + 4 }
    }

    fn declared(&self) -> u64 {
        match self.header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
            127 => {
                let mut length = [0; 8];
                length.copy_from_slice(&self.header[2..10]);
                u64::from_be_bytes(length)
            }
            length => u64::from(length),
        }
    }

    /// Whether a frame of this length may come, alone and as a part of its message.
    fn fits(&mut self, length: u64) -> bool {
        match self.header[0] & 0x0f {
            0 => {
                self.fragments += 1;
                self.message = self.message.saturating_add(length);
            }
            1 | 2 => {
                self.fragments = 1;
                self.message = length;
            }
            // Control frames come between the fragments of a message and carry 125 bytes at most.
            _ => return length <= 125,
        }
        self.message <= self.max_message && self.fragments <= MAX_FRAGMENTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(opcode: u8, length: u64) -> Vec<u8> {
        let mut bytes = vec![opcode];
        match length {
            0..=125 => bytes.push(0x80 | length as u8),
            126..=0xffff => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes
    }

    fn whole(opcode: u8, length: usize) -> Vec<u8> {
        let mut bytes = frame(opcode, length as u64);
        bytes.resize(bytes.len() + length, b'x');
        bytes
    }

    #[test]
    fn a_frame_that_declares_too_much_is_refused_on_its_header() {
        let fine = whole(0x81, 1_000);
        for huge in [1_001, 0x1_0000, u64::MAX] {
            let mut bytes = fine.clone();
            bytes.extend(frame(0x81, huge));
            assert_eq!(Headers::new(1_000).check(&bytes, u32::MAX).end, fine.len(), "{huge}");
        }
    }

    #[test]
    fn fragments_count_together_and_their_number_counts_too() {
        let mut bytes = whole(0x01, 600);
        bytes.extend(whole(0x89, 5));
        let fine = bytes.len();
        bytes.extend(whole(0x80, 401));
        assert_eq!(Headers::new(1_000).check(&bytes, u32::MAX).end, fine);

        let mut tiny = whole(0x01, 1);
        for _ in 0..MAX_FRAGMENTS - 1 {
            tiny.extend(whole(0x00, 1));
        }
        let fine = tiny.len();
        tiny.extend(whole(0x00, 1));
        assert_eq!(Headers::new(100_000).check(&tiny, u32::MAX).end, fine);
    }

    #[test]
    fn behind_a_refused_frame_only_the_peers_goodbye_is_heard() {
        let mut headers = Headers::new(10);
        let huge = whole(0x81, 5_000);
        let fine = headers.check(&huge, u32::MAX);
        assert_eq!((fine.end, fine.read, fine.is_refused), (0, huge.len() - 5_000, true));
        assert!(!headers.finds_close(&huge[fine.read..]));
        assert!(!headers.finds_close(&whole(0x81, 8)));
        assert!(headers.finds_close(&whole(0x88, 2)));
    }

    #[test]
    fn a_control_frame_with_a_long_payload_is_refused() {
        assert_eq!(Headers::new(1_000).check(&whole(0x89, 126), u32::MAX).end, 0);
    }

    /// What a guard passes on of these chunks until it wants the reader to take it.
    fn first_round(chunks: Vec<Vec<u8>>) -> (usize, usize) {
        let source = futures_util::stream::iter(chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk))));
        let mut guard = FrameGuard::new(source, 1_000, Refusal::default());
        let mut passed = 0;
        let mut rounds = 0;
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut first = 0;
        loop {
            match Pin::new(&mut guard).poll_next(&mut context) {
                Poll::Ready(Some(chunk)) => passed += chunk.unwrap().len(),
                Poll::Pending => rounds += 1,
                Poll::Ready(None) => return (first, passed),
            }
            if rounds == 0 {
                first = passed;
            }
        }
    }

    #[test]
    fn many_small_frames_are_passed_on_a_few_at_a_time_and_all_in_the_end() {
        let tiny: Vec<u8> = (0..10_000).flat_map(|_| whole(0x8a, 0)).collect();
        let all = tiny.len();
        let (first, passed) = first_round(vec![tiny.clone(), tiny]);
        assert_eq!((first, passed), (64 * 6, 2 * all));
        let large: Vec<u8> = (0..100).flat_map(|_| whole(0x81, 1_000)).collect();
        let all = large.len();
        assert_eq!(first_round(vec![large]), (16 * 1024, all));
    }

    proptest! {
        #[test]
        fn where_the_chunks_are_cut_makes_no_difference(
            lengths in prop::collection::vec(0..400_usize, 1..20),
            cut in 1..50_usize,
        ) {
            let bytes: Vec<u8> = lengths.iter().flat_map(|length| whole(0x82, *length)).collect();
            let mut headers = Headers::new(300);
            let mut passed = 0;
            for chunk in bytes.chunks(cut) {
                let fine = headers.check(chunk, u32::MAX).end;
                passed += fine;
                if fine < chunk.len() {
                    break;
                }
            }
            let expected: usize =
                lengths.iter().take_while(|length| **length <= 300).map(|length| whole(0x82, *length).len()).sum();
            // A header that was cut in two has partly passed; it alone makes nobody buffer anything.
            prop_assert!(passed >= expected && passed < expected + MAX_HEADER);
        }
    }
}

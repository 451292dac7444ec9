//! What waits to be written to one socket: a bounded queue of encoded frames, and the connection that they go to.
//!
//! Whatever waits leaves in one write, straight from the memory that all who get a frame share. A peer that does not read makes
//! this queue grow, and nothing else.

use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::rc::Rc;

use actix_web::rt;
use bytes::{Buf, Bytes};
use tokio::sync::Notify;

use super::line::Line;
use super::writes::Writes;

/// Below this many waiting bytes there is room for more of a replay.
const LOW_WATER: usize = 64 * 1024;
/// Above this many waiting bytes a replay pauses, and what may be dropped is dropped.
const HIGH_WATER: usize = 256 * 1024;
/// Pieces in one system call. Frames that were queued together are mostly one piece already.
const PIECES: usize = 64;
/// Places that an idle queue keeps: a burst may have made it long.
const KEPT_PLACES: usize = 64;

/// The queue was full, and has been emptied: the socket must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overflow;

/// The queue of one socket.
pub(super) struct Outbox {
    queue: RefCell<Queue>,
    /// Where it is written to; nothing leaves before it is there.
    line: OnceCell<Line>,
    /// Who writes.
    writes: Rc<Writes>,
    /// Wakes replays when there is room again, and whoever waits for the end.
    changed: Notify,
    max_bytes: usize,
    max_frames: usize,
}

#[derive(Default)]
struct Queue {
    /// The oldest frame, when it came while nothing waited: mostly it is the only one, and here it costs no look elsewhere.
    first: Option<Bytes>,
    /// Those after it.
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Whether a part of the oldest has been written: then the rest must follow, whatever happens.
    is_begun: bool,
    turn: Turn,
    state: State,
}

/// When it is written to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Turn {
    /// When something is added.
    #[default]
    Asleep,
    /// It is among those that may wait.
    Later,
    /// It is in line.
    InLine,
    /// When the peer has taken some of what the system holds for it.
    Blocked,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Nothing more is taken; what waits is sent.
    Closing,
    /// What waits is sent and then the connection ends.
    Ending,
    /// The connection is gone.
    Gone,
}

impl Outbox {
    pub(super) fn new(max_bytes: usize, max_frames: usize, writes: Rc<Writes>) -> Rc<Self> {
        let (queue, line, changed) = Default::default();
        Rc::new(Self { queue, line, writes, changed, max_bytes, max_frames })
    }

    /// Gives it its connection.
    pub(super) fn connect(&self, line: Line) {
        // It is given one once.
        let _ = self.line.set(line);
    }

    /// The connection, once it is there.
    pub(super) fn line(&self) -> Option<&Line> {
        self.line.get()
    }

    /// Puts a frame at the end of the queue. On [`Overflow`] the queue is empty. A queue that is closing takes nothing
    /// and says so to nobody: whoever writes late has nobody to write to.
    pub(super) fn push(self: &Rc<Self>, frame: Bytes) -> Result<(), Overflow> {
        let mut queue = self.queue.borrow_mut();
        if queue.state != State::Open {
            return Ok(());
        }
        if queue.bytes + frame.len() > self.max_bytes || queue.len() >= self.max_frames {
            queue.clear();
            self.changed.notify_waiters();
            return Err(Overflow);
        }
        queue.add(frame);
        self.fall_in(&mut queue);
        Ok(())
    }

    /// Puts a frame at the end unless others wait already: for what may be dropped, and may wait until then.
    pub(super) fn push_if_keeping_up(self: &Rc<Self>, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        if queue.state == State::Open && queue.bytes < LOW_WATER {
            queue.add(frame);
            if queue.turn == Turn::Asleep {
                queue.turn = Turn::Later;
                self.writes.add_later(Rc::clone(self));
            }
        }
    }

    /// Puts the last frames at the end and takes no more.
    pub(super) fn close_with(self: &Rc<Self>, last: impl IntoIterator<Item = Bytes>) {
        let mut queue = self.queue.borrow_mut();
        if queue.state == State::Open {
            for frame in last {
                queue.add(frame);
            }
            queue.state = State::Closing;
            self.fall_in(&mut queue);
            self.changed.notify_waiters();
        }
    }

    /// Lets the connection end once everything is sent.
    pub(super) fn end(self: &Rc<Self>) {
        let mut queue = self.queue.borrow_mut();
        if queue.state != State::Gone {
            queue.state = State::Ending;
            self.fall_in(&mut queue);
            self.changed.notify_waiters();
        }
    }

    /// Ends the connection at once, whatever waits.
    pub(super) fn cut(&self) {
        if let Some(line) = self.line.get() {
            line.cut();
        }
        self.be_gone();
    }

    fn fall_in(self: &Rc<Self>, queue: &mut Queue) {
        if matches!(queue.turn, Turn::Asleep | Turn::Later) {
            queue.turn = Turn::InLine;
            self.writes.add(Rc::clone(self));
        }
    }

    /// Writes what waits, as far as the system takes it; the rest follows when it takes more.
    pub(super) fn write(self: &Rc<Self>) {
        let Some(line) = self.line.get() else { return };
        match self.write_with(|pieces| line.write(pieces)) {
            Ok(Written::All) => {}
            Ok(Written::Last) => {
                line.finish();
                self.be_gone();
            }
            Ok(Written::Some) => {
                let outbox = Rc::clone(self);
                rt::spawn(async move {
                    // An error shows in the write.
                    if let Some(line) = outbox.line.get() {
                        let _ = line.writable().await;
                    }
                    outbox.write();
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection has broken off");
                line.cut();
                self.be_gone();
            }
        }
    }

    /// Hands what waits to `write`, until it is all or `write` takes no more.
    pub(super) fn write_with(&self, mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<Written> {
        let mut queue = self.queue.borrow_mut();
        let was_high = queue.bytes > LOW_WATER;
        let mut taken = Written::All;
        while queue.len() > 0 {
            match queue.write_once(&mut write) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => queue.advance(written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    taken = Written::Some;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        queue.turn = if taken == Written::Some { Turn::Blocked } else { Turn::Asleep };
        if taken == Written::All {
            if queue.frames.capacity() > KEPT_PLACES {
                queue.frames = VecDeque::new();
            }
            if queue.state == State::Ending {
                taken = Written::Last;
            }
        }
        if was_high && queue.bytes <= LOW_WATER {
            self.changed.notify_waiters();
        }
        Ok(taken)
    }

    fn be_gone(&self) {
        let mut queue = self.queue.borrow_mut();
        queue.state = State::Gone;
        queue.is_begun = false;
        queue.clear();
        self.changed.notify_waiters();
    }

    /// Whether nothing waits but what may.
    pub(super) fn may_wait(&self) -> bool {
        self.queue.borrow().turn == Turn::Later
    }

    /// Whether so little waits that a page of a replay may be added.
    pub(super) fn keeps_up(&self) -> bool {
        self.queue.borrow().bytes <= HIGH_WATER
    }

    /// Waits until a replay may go on; at once when the connection is gone.
    pub(super) async fn room(&self) {
        if self.keeps_up() {
            return;
        }
        loop {
            let changed = self.changed.notified();
            {
                let queue = self.queue.borrow();
                if queue.bytes <= LOW_WATER || queue.state != State::Open {
                    return;
                }
            }
            changed.await;
        }
    }

    /// Waits until the connection is gone.
    pub(super) async fn gone(&self) {
        loop {
            let changed = self.changed.notified();
            if self.is_gone() {
                return;
            }
            changed.await;
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.queue.borrow().state == State::Gone
    }

    #[cfg(test)]
    /// Bytes that wait now.
    pub(super) fn waiting(&self) -> usize {
        self.queue.borrow().bytes
    }
}

/// How far a queue was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Written {
    /// Nothing waits.
    All,
    /// Nothing waits, and nothing more will come.
    Last,
    /// Something waits until the peer has taken some.
    Some,
}

impl Queue {
    fn len(&self) -> usize {
        self.frames.len() + usize::from(self.first.is_some())
    }

    fn add(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if self.first.is_none() && self.frames.is_empty() {
            self.first = Some(frame);
        } else {
            self.frames.push_back(frame);
        }
    }

    fn write_once(&self, write: &mut impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<usize> {
        if let (Some(only), true) = (&self.first, self.frames.is_empty()) {
            return write(&[IoSlice::new(only)]);
        }
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        for (piece, frame) in pieces.iter_mut().zip(self.first.iter().chain(&self.frames)) {
            *piece = IoSlice::new(frame);
            count += 1;
        }
        write(&pieces[..count])
    }

    /// Forgets what has been written.
    fn advance(&mut self, mut written: usize) {
        self.bytes -= written;
        while let Some(oldest) = self.first.as_mut().or_else(|| self.frames.front_mut()) {
            if written < oldest.len() {
                self.is_begun |= written > 0;
                oldest.advance(written);
                return;
            }
            written -= oldest.len();
            self.is_begun = false;
            self.pop();
        }
    }

    fn pop(&mut self) -> Option<Bytes> {
        self.first.take().or_else(|| self.frames.pop_front())
    }

    /// Drops all that waits, but for the rest of a frame that has been begun.
    fn clear(&mut self) {
        let begun = if self.is_begun { self.pop() } else { None };
        self.bytes = begun.as_ref().map_or(0, Bytes::len);
        self.first = begun;
        self.frames = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn outbox(max_bytes: usize, max_frames: usize) -> Rc<Outbox> {
        Outbox::new(max_bytes, max_frames, Rc::default())
    }

    fn frame(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    /// Writes to a peer that takes so many bytes; gives those that it got.
    fn write(outbox: &Outbox, mut room: usize) -> (Vec<u8>, Written) {
        let mut got = Vec::new();
        let written = outbox.write_with(|pieces| {
            let before = got.len();
            for piece in pieces {
                let part = &piece[..piece.len().min(room)];
                got.extend_from_slice(part);
                room -= part.len();
            }
            if got.len() == before { Err(ErrorKind::WouldBlock.into()) } else { Ok(got.len() - before) }
        });
        (got, written.unwrap())
    }

    #[test]
    fn bytes_and_frames_are_bounded_and_an_overflow_frees_them() {
        let outbox = outbox(100, 3);
        assert_eq!(outbox.push(frame(100)), Ok(()));
        assert_eq!(outbox.push(frame(1)), Err(Overflow));
        assert_eq!(outbox.waiting(), 0);
        for _ in 0..3 {
            assert_eq!(outbox.push(frame(1)), Ok(()));
        }
        assert_eq!(outbox.push(frame(1)), Err(Overflow));
    }

    #[test]
    fn what_waits_leaves_in_order_however_little_the_peer_takes() {
        let outbox = outbox(1 << 20, 1_000);
        let texts: Vec<_> = (0..200).map(|number| format!("frame {number};")).collect();
        for text in &texts {
            outbox.push(Bytes::from(text.clone())).unwrap();
        }
        let mut all = Vec::new();
        loop {
            let (got, written) = write(&outbox, 7);
            all.extend(got);
            if written == Written::All {
                break;
            }
        }
        assert_eq!(String::from_utf8(all).unwrap(), texts.concat());
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn the_last_frames_are_sent_and_nothing_after_them() {
        let outbox = outbox(10, 10);
        outbox.push(frame(1)).unwrap();
        outbox.close_with([frame(100)]);
        outbox.push(frame(2)).unwrap();
        assert_eq!(write(&outbox, 50).1, Written::Some);
        outbox.end();
        let (got, written) = write(&outbox, 1_000);
        assert_eq!((got.len(), written), (51, Written::Last));
    }

    #[test]
    fn a_frame_that_has_been_begun_is_finished_whatever_happens() {
        let outbox = outbox(100, 10);
        outbox.push(Bytes::from_static(b"one whole frame")).unwrap();
        outbox.push(frame(80)).unwrap();
        assert_eq!(write(&outbox, 3).0, b"one");
        assert_eq!(outbox.push(frame(50)), Err(Overflow));
        outbox.close_with([Bytes::from_static(b", goodbye")]);
        assert_eq!(write(&outbox, 1_000).0, b" whole frame, goodbye");
    }

    #[test]
    fn a_replay_pauses_while_much_waits_and_goes_on_when_it_is_sent() {
        let outbox = outbox(1 << 20, 100);
        assert!(outbox.room().now_or_never().is_some());
        outbox.push(frame(HIGH_WATER)).unwrap();
        outbox.push(frame(LOW_WATER)).unwrap();
        let mut room = Box::pin(outbox.room());
        assert!((&mut room).now_or_never().is_none());
        assert_eq!(write(&outbox, HIGH_WATER).1, Written::Some);
        assert!((&mut room).now_or_never().is_some());
    }

    #[test]
    fn what_may_be_dropped_is_dropped_when_others_wait() {
        let outbox = outbox(1 << 20, 100);
        outbox.push_if_keeping_up(frame(LOW_WATER));
        outbox.push_if_keeping_up(frame(1));
        assert_eq!(outbox.waiting(), LOW_WATER);
    }

    #[test]
    fn when_the_connection_is_gone_everyone_who_waits_is_told() {
        let outbox = outbox(1 << 20, 100);
        outbox.push(frame(HIGH_WATER + 1)).unwrap();
        let mut room = Box::pin(outbox.room());
        let mut gone = Box::pin(outbox.gone());
        assert!((&mut room).now_or_never().is_none() && (&mut gone).now_or_never().is_none());
        outbox.cut();
        assert!(room.now_or_never().is_some() && gone.now_or_never().is_some());
        assert_eq!(outbox.waiting(), 0);
    }
}

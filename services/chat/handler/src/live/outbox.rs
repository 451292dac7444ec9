//! What waits to be written to one socket: a bounded queue of encoded frames that is itself the response's body.
//!
//! actix asks the body for more while less than 32 KiB wait in its own buffer, so frames that wait together leave in one
//! write, and a peer that does not read makes this queue grow, and nothing else.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::sync::Notify;
use web::SocketKey;

/// Below this many waiting bytes there is room for more of a replay.
const LOW_WATER: usize = 64 * 1024;
/// Above this many waiting bytes a replay pauses, and what may be dropped is dropped.
const HIGH_WATER: usize = 256 * 1024;

/// The queue was full, and has been emptied: the socket must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overflow;

/// The queue of one socket.
pub(super) struct Outbox {
    queue: RefCell<Queue>,
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
    waker: Option<Waker>,
    state: State,
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
    pub(super) fn new(max_bytes: usize, max_frames: usize) -> Rc<Self> {
        Rc::new(Self { queue: RefCell::default(), changed: Notify::new(), max_bytes, max_frames })
    }

    /// Puts a frame at the end of the queue. On [`Overflow`] the queue is empty. A queue that is closing takes nothing
    /// and says so to nobody: whoever writes late has nobody to write to.
    pub(super) fn push(&self, frame: Bytes) -> Result<(), Overflow> {
        let mut queue = self.queue.borrow_mut();
        if queue.state != State::Open {
            return Ok(());
        }
        if queue.bytes + frame.len() > self.max_bytes
            || queue.frames.len() + usize::from(queue.first.is_some()) >= self.max_frames
        {
            queue.clear();
            self.changed.notify_waiters();
            return Err(Overflow);
        }
        queue.add(frame);
        Ok(())
    }

    /// Puts a frame at the end unless others wait already: for what may be dropped.
    pub(super) fn push_if_keeping_up(&self, frame: Bytes) {
        let mut queue = self.queue.borrow_mut();
        if queue.state == State::Open && queue.bytes < LOW_WATER {
            queue.add(frame);
        }
    }

    /// Puts the last frames at the end and takes no more.
    pub(super) fn close_with(&self, last: impl IntoIterator<Item = Bytes>) {
        let mut queue = self.queue.borrow_mut();
        if queue.state == State::Open {
            for frame in last {
                queue.add(frame);
            }
            queue.state = State::Closing;
            self.changed.notify_waiters();
        }
    }

    /// Lets the connection end once everything is sent.
    pub(super) fn end(&self) {
        let mut queue = self.queue.borrow_mut();
        if queue.state != State::Gone {
            queue.state = State::Ending;
            queue.wake();
            self.changed.notify_waiters();
        }
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

impl Queue {
    fn add(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        if self.first.is_none() && self.frames.is_empty() {
            self.first = Some(frame);
        } else {
            self.frames.push_back(frame);
        }
        self.wake();
    }

    fn take(&mut self) -> Option<Bytes> {
        self.first.take().or_else(|| self.frames.pop_front())
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn clear(&mut self) {
        self.first = None;
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
}

/// The response's body: whatever the queue has. Dropping it means that the connection is gone.
pub(super) struct OutboxBody {
    outbox: Rc<Outbox>,
    /// The body that actix-ws made. It is never asked for anything; when it is dropped, actix-ws's stream of messages
    /// ends, so it has to live as long as the connection.
    _replaced: Option<BoxBody>,
    tcp: Option<SocketKey>,
}

impl OutboxBody {
    /// The body in place of the one that actix-ws made.
    pub(super) fn replacing(body: BoxBody, outbox: Rc<Outbox>, tcp: Option<SocketKey>) -> Self {
        Self { outbox, _replaced: Some(body), tcp }
    }
}

impl MessageBody for OutboxBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let outbox = &self.outbox;
        let mut queue = outbox.queue.borrow_mut();
        let Some(frame) = queue.take() else {
            if queue.state == State::Ending {
                // actix sends what it has and then waits a second for the peer to close first. A peer waits for us.
                if let Some(tcp) = &self.tcp {
                    tcp.stop_reading();
                }
                return Poll::Ready(None);
            }
            // A burst may have made the queue long; an idle socket keeps nothing of it.
            if queue.frames.capacity() > 64 {
                queue.frames = VecDeque::new();
            }
            queue.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        let was_high = queue.bytes > LOW_WATER;
        queue.bytes -= frame.len();
        let is_low = queue.bytes <= LOW_WATER;
        drop(queue);
        if was_high && is_low {
            outbox.changed.notify_waiters();
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

impl Drop for OutboxBody {
    fn drop(&mut self) {
        let mut queue = self.outbox.queue.borrow_mut();
        queue.state = State::Gone;
        queue.clear();
        drop(queue);
        self.outbox.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::poll_fn;

    fn body_of(outbox: &Rc<Outbox>) -> OutboxBody {
        OutboxBody { outbox: Rc::clone(outbox), _replaced: None, tcp: None }
    }

    fn frame(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    async fn next(body: &mut OutboxBody) -> Option<Bytes> {
        poll_fn(|context| Pin::new(&mut *body).poll_next(context)).await.map(|Ok(frame)| frame)
    }

    #[test]
    fn bytes_and_frames_are_bounded_and_an_overflow_frees_them() {
        let outbox = Outbox::new(100, 3);
        assert_eq!(outbox.push(frame(100)), Ok(()));
        assert_eq!(outbox.push(frame(1)), Err(Overflow));
        assert_eq!(outbox.waiting(), 0);
        for _ in 0..3 {
            assert_eq!(outbox.push(frame(0)), Ok(()));
        }
        assert_eq!(outbox.push(frame(0)), Err(Overflow));
    }

    #[test]
    fn the_last_frames_are_sent_and_nothing_after_them() {
        let outbox = Outbox::new(10, 10);
        let mut body = body_of(&outbox);
        outbox.push(frame(1)).unwrap();
        outbox.close_with([frame(100)]);
        outbox.push(frame(2)).unwrap();
        outbox.end();
        let sent: Vec<_> = std::iter::from_fn(|| next(&mut body).now_or_never().flatten()).collect();
        assert_eq!(sent.iter().map(Bytes::len).collect::<Vec<_>>(), [1, 100]);
    }

    #[test]
    fn a_replay_pauses_while_much_waits_and_goes_on_when_it_is_sent() {
        let outbox = Outbox::new(1 << 20, 100);
        let mut body = body_of(&outbox);
        assert!(outbox.room().now_or_never().is_some());
        outbox.push(frame(HIGH_WATER)).unwrap();
        outbox.push(frame(LOW_WATER)).unwrap();
        let mut room = Box::pin(outbox.room());
        assert!((&mut room).now_or_never().is_none());
        next(&mut body).now_or_never().unwrap().unwrap();
        assert!((&mut room).now_or_never().is_some());
    }

    #[test]
    fn what_may_be_dropped_is_dropped_when_others_wait() {
        let outbox = Outbox::new(1 << 20, 100);
        outbox.push_if_keeping_up(frame(LOW_WATER));
        outbox.push_if_keeping_up(frame(1));
        assert_eq!(outbox.waiting(), LOW_WATER);
    }

    #[test]
    fn when_the_connection_is_gone_everyone_who_waits_is_told() {
        let outbox = Outbox::new(1 << 20, 100);
        let body = body_of(&outbox);
        outbox.push(frame(HIGH_WATER + 1)).unwrap();
        let mut room = Box::pin(outbox.room());
        let mut gone = Box::pin(outbox.gone());
        assert!((&mut room).now_or_never().is_none() && (&mut gone).now_or_never().is_none());
        drop(body);
        assert!(room.now_or_never().is_some() && gone.now_or_never().is_some());
        assert_eq!(outbox.waiting(), 0);
    }
}

//! Who is to be written to: the sockets of one worker that have something in their queues.
//!
//! One task writes to all of them, one after the other. A thousand sockets that are told something are not a thousand tasks to
//! wake, and what comes for a socket before its turn leaves in the same write. Who comes and goes is told to a thousand sockets
//! at once: it may wait, so that no message waits for it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::outbox::Outbox;

/// Writes before others get their turn: some 400 µs, in which requests wait to be read.
const WRITES_AT_ONCE: usize = 64;
/// The same for what may wait, while nobody else does: some 200 µs. Then the thread rests, as a message on its way needs the core
/// in other threads, too.
const LATER_AT_ONCE: usize = 32;
/// How long it rests. Timers round it up by a millisecond, so some 16,000 to 32,000 sockets are told in a second.
const REST: Duration = Duration::from_millis(1);
/// The same while others wait: some of it always leaves.
const LATER_AMONG_OTHERS: usize = 4;

/// The queues that wait to be written.
#[derive(Default)]
pub(super) struct Writes {
    due: RefCell<VecDeque<Rc<Outbox>>>,
    /// Those that have nothing but what may wait. They stay here when something else comes for them, and are passed over then.
    later: RefCell<VecDeque<Rc<Outbox>>>,
    /// Wakes the task.
    begun: Notify,
    /// How many have come that are due, and how many of them have had their turn.
    added: Cell<u64>,
    done: Cell<u64>,
    /// Tells whoever waits for a turn that some have been.
    progress: Notify,
}

/// Who waits still.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Left {
    /// Somebody who is due.
    Due,
    /// Nobody but those who may wait.
    Later,
    Nothing,
}

impl Writes {
    /// Adds a queue at the end. The caller takes care that it is there once.
    pub(super) fn add(&self, outbox: Rc<Outbox>) {
        let mut due = self.due.borrow_mut();
        if due.is_empty() {
            self.begun.notify_one();
        }
        due.push_back(outbox);
        self.added.set(self.added.get() + 1);
    }

    /// Adds a queue at the end of those that may wait.
    pub(super) fn add_later(&self, outbox: Rc<Outbox>) {
        let mut later = self.later.borrow_mut();
        if later.is_empty() {
            self.begun.notify_one();
        }
        later.push_back(outbox);
    }

    /// Writes whatever comes, for as long as the worker lives.
    pub(super) async fn run(self: Rc<Self>) {
        loop {
            match self.write_some() {
                Left::Due => tokio::task::yield_now().await,
                // Whoever comes and is due ends the rest.
                Left::Later => drop(timeout(REST, self.begun.notified()).await),
                Left::Nothing => self.begun.notified().await,
            }
        }
    }

    /// Lets some have their turn; says who is left.
    fn write_some(&self) -> Left {
        for _ in 0..WRITES_AT_ONCE {
            let Some(outbox) = self.next() else { break };
            outbox.write();
        }
        self.progress.notify_waiters();
        let may_follow = if self.due.borrow().is_empty() { LATER_AT_ONCE } else { LATER_AMONG_OTHERS };
        for _ in 0..may_follow {
            let Some(outbox) = self.next_later() else { break };
            outbox.write();
        }
        if !self.due.borrow().is_empty() {
            Left::Due
        } else if !self.later.borrow().is_empty() {
            Left::Later
        } else {
            Left::Nothing
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&self) -> Option<Rc<Outbox>> {
        let next = self.due.borrow_mut().pop_front()?;
        self.done.set(self.done.get() + 1);
        Some(next)
    }

    /// Whose turn it is of those that may wait.
    fn next_later(&self) -> Option<Rc<Outbox>> {
        let mut later = self.later.borrow_mut();
        loop {
            let next = later.pop_front()?;
            if next.may_wait() {
                return Some(next);
            }
        }
    }

    /// Waits until everyone who is due now has had a turn.
    pub(super) async fn turn(&self) {
        let last = self.added.get();
        while self.done.get() < last {
            self.progress.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::rt;
    use actix_web::rt::net::{TcpListener, TcpStream};
    use bytes::Bytes;
    use tokio::io::AsyncReadExt;

    use super::super::line::Line;

    /// An outbox on a connection, and its peer.
    async fn connected(writes: &Rc<Writes>) -> (Rc<Outbox>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let outbox = Outbox::new(1 << 26, 1 << 20, Rc::clone(writes));
        outbox.connect(Line::new(listener.accept().await.unwrap().0));
        (outbox, peer)
    }

    #[actix_web::test]
    async fn whoever_waits_for_a_turn_goes_on_when_all_who_were_in_line_have_been_written_to() {
        let writes = Rc::<Writes>::default();
        rt::spawn(Rc::clone(&writes).run());
        let mut all = Vec::new();
        for _ in 0..3 * WRITES_AT_ONCE {
            all.push(connected(&writes).await);
        }
        for text in ["one", "two"] {
            all.iter().for_each(|(outbox, _)| outbox.push(Bytes::from_static(text.as_bytes())).unwrap());
            writes.turn().await;
            assert!(writes.due.borrow().is_empty());
            for (_, peer) in &mut all {
                let mut got = [0; 3];
                peer.read_exact(&mut got).await.unwrap();
                assert_eq!(got, text.as_bytes());
            }
        }
        writes.turn().await;
    }

    /// What has come, without waiting.
    fn read_now(peer: &TcpStream) -> String {
        let mut got = [0; 64];
        let read = peer.try_read(&mut got).unwrap_or(0);
        String::from_utf8(got[..read].to_vec()).unwrap()
    }

    #[actix_web::test]
    async fn a_message_does_not_wait_for_what_may_wait_and_takes_along_what_waits_for_its_socket() {
        let writes = Rc::<Writes>::default();
        let mut all = Vec::new();
        for _ in 0..LATER_AT_ONCE + 2 {
            all.push(connected(&writes).await);
        }
        for (outbox, _) in &all {
            outbox.push_if_keeping_up(Bytes::from_static(b"news"));
        }
        let (last, peer) = all.pop().unwrap();
        last.push(Bytes::from_static(b", message")).unwrap();
        assert_eq!(writes.write_some(), Left::Later);
        peer.readable().await.unwrap();
        assert_eq!(read_now(&peer), "news, message");
        // Its place among the others is passed over.
        assert_eq!(writes.write_some(), Left::Nothing);
        for (_, peer) in &all {
            peer.readable().await.unwrap();
            assert_eq!(read_now(peer), "news");
        }
        assert_eq!(read_now(&peer), "");
    }

    #[actix_web::test]
    async fn what_may_wait_leaves_however_many_messages_there_are() {
        let writes = Rc::<Writes>::default();
        let (patient, peer) = connected(&writes).await;
        patient.push_if_keeping_up(Bytes::from_static(b"news"));
        let mut busy = Vec::new();
        for _ in 0..=WRITES_AT_ONCE {
            busy.push(connected(&writes).await);
        }
        busy.iter().for_each(|(outbox, _)| outbox.push(Bytes::from_static(b"message")).unwrap());
        assert_eq!(writes.write_some(), Left::Due);
        peer.readable().await.unwrap();
        assert_eq!(read_now(&peer), "news");
    }

    #[actix_web::test]
    async fn a_peer_that_takes_nothing_keeps_nobody_waiting_and_gets_everything_when_it_does() {
        let writes = Rc::<Writes>::default();
        rt::spawn(Rc::clone(&writes).run());
        let (slow, mut slow_peer) = connected(&writes).await;
        let (quick, mut quick_peer) = connected(&writes).await;
        let pieces: Vec<Vec<u8>> = (0..2_000_u32).map(|number| number.to_be_bytes().repeat(4_000)).collect();
        for piece in &pieces {
            slow.push(Bytes::from(piece.clone())).unwrap();
        }
        slow.end();
        quick.push(Bytes::from_static(b"hello")).unwrap();
        let mut got = [0; 5];
        quick_peer.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"hello");
        assert!(slow.waiting() > 0, "nothing is meant to take 32 MB that nobody reads");

        let mut all = Vec::new();
        slow_peer.read_to_end(&mut all).await.unwrap();
        assert!(all == pieces.concat(), "{} bytes", all.len());
        slow.gone().await;
    }

    #[actix_web::test]
    async fn a_connection_that_is_cut_while_it_takes_nothing_is_gone() {
        let writes = Rc::<Writes>::default();
        rt::spawn(Rc::clone(&writes).run());
        let (outbox, mut peer) = connected(&writes).await;
        outbox.push(Bytes::from(vec![b'x'; 1 << 25])).unwrap();
        writes.turn().await;
        outbox.cut();
        outbox.gone().await;
        assert_eq!(outbox.waiting(), 0);
        let mut some = Vec::new();
        // What the system had already may still come, then the end.
        let _ = peer.read_to_end(&mut some).await;
        assert!(some.len() < 1 << 25);
        // Whoever waits for the peer lets go of the outbox.
        while Rc::strong_count(&outbox) > 1 {
            tokio::task::yield_now().await;
        }
    }
}

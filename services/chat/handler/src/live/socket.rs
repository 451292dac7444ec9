//! One WebSocket as its worker knows it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use chat_entity::{PresenceStatus, Profile, Seq};
use contract::frames::{Goodbye, ServerFrame, close};
use kernel::{ConnectionId, Principal, RoomId, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::frame;
use super::outbox::{Outbox, Overflow};
use super::presence::{LeaseState, Mask};

/// How far a socket has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// `start` has not been asked for, or has failed.
    Waiting,
    /// `start` is being answered.
    Starting,
    /// It has been answered.
    Started,
}

/// One WebSocket. Everything here belongs to one thread.
pub(super) struct Socket {
    /// Tells sockets of a shard apart.
    pub(super) key: u64,
    /// Appears in `hello` and in logs.
    pub(super) id: ConnectionId,
    /// Whose it is. The token's end changes with `session.renew`, and is in `expires_at`.
    pub(super) principal: Principal,
    /// The user as others see them.
    pub(super) profile: RefCell<Profile>,
    pub(super) outbox: Rc<Outbox>,
    /// The ids of requests that have no reply yet. A client may use an id again as soon as it has read the reply.
    pub(super) unanswered: RefCell<HashSet<String>>,
    pub(super) phase: Cell<Phase>,
    /// Whether a `start` has come, whatever became of it: the time limit is for the first.
    pub(super) has_asked_to_start: Cell<bool>,
    /// The rooms that it follows.
    pub(super) rooms: RefCell<HashSet<RoomId>>,
    /// How many joinings and leavings of its user it knows of.
    pub(super) membership_no: Cell<u64>,
    /// Rooms whose log it is behind on, in the order in which they are caught up.
    pub(super) behind: RefCell<VecDeque<RoomId>>,
    /// Whether a task catches up.
    pub(super) is_catching_up: Cell<bool>,
    /// Whether `ready` must follow once nothing is behind.
    pub(super) owes_ready: Cell<bool>,
    /// How much is in flight that will follow rooms from a snapshot.
    pub(super) settling: Cell<u32>,
    /// Rooms that the user has joined while something was in flight, and where in their logs.
    pub(super) joined: RefCell<HashMap<RoomId, Seq>>,
    /// Rooms that the user has left while something was in flight, and where in their logs.
    pub(super) gone_from: RefCell<HashMap<RoomId, Seq>>,
    /// Rooms that the socket itself asks to leave.
    pub(super) leaving: RefCell<HashSet<RoomId>>,
    /// What it says of its user.
    pub(super) status: Cell<PresenceStatus>,
    /// Its lease.
    pub(super) lease: Cell<LeaseState>,
    /// Of whose presence it is about to be told.
    pub(super) news: Cell<Mask>,
    pub(super) opened_at: Instant,
    pub(super) heard_at: Cell<Instant>,
    pub(super) pinged_at: Cell<Instant>,
    pub(super) expires_at: Cell<Timestamp>,
    /// Whether it was told that the token ends soon.
    pub(super) was_warned: Cell<bool>,
    /// Refusals for sending too fast, less what was done meanwhile.
    pub(super) refusals: Cell<u32>,
    /// When its closing must have come to an end.
    pub(super) close_by: Cell<Option<Instant>>,
    /// Tells the reader that the socket is closing or that the server stops.
    pub(super) stop: Notify,
    /// Whether it takes one of its user's places.
    pub(super) is_counted: Cell<bool>,
    /// Whether the server stops: answer what is in flight, take no more.
    pub(super) is_draining: Cell<bool>,
}

/// Why a socket is closed by us.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    /// When to come back, for the codes that say so.
    pub(super) retry_after: Option<Duration>,
}

impl Ending {
    pub(super) fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason, retry_after: None }
    }

    /// The last two frames.
    pub(super) fn frames(&self) -> [Bytes; 2] {
        let goodbye = ServerFrame::Goodbye(Goodbye {
            code: self.code,
            reason: self.reason.to_owned(),
            resumable: (4400..4500).contains(&self.code),
            retry_after_ms: self.retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        });
        [frame::json(&goodbye), frame::close(self.code, self.reason)]
    }
}

impl Socket {
    /// Queues a frame; a socket that does not keep up is closed, and may resume.
    pub(super) fn send(&self, frame: Bytes, close_within: Duration) {
        if let Err(Overflow) = self.outbox.push(frame) {
            self.close(&Ending::new(close::TOO_SLOW, "the connection is too slow; resume"), close_within);
        }
    }

    /// Begins to close: says goodbye, takes no more, and gives it some time. Closing twice changes nothing.
    pub(super) fn close(&self, ending: &Ending, within: Duration) {
        if self.close_by.get().is_some() {
            return;
        }
        tracing::debug!(connection = %self.id, code = ending.code, reason = ending.reason, "closing a socket");
        self.close_by.set(Some(Instant::now() + within));
        self.outbox.close_with(ending.frames());
        self.stop.notify_one();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.close_by.get().is_some()
    }

    /// Whether the user has left a room after this head of its log, as far as is known while something is in flight.
    pub(super) fn has_left(&self, room: RoomId, head: Seq) -> bool {
        self.gone_from.borrow().get(&room).is_some_and(|left| *left > head)
    }

    /// Whether it is there to be told things.
    pub(super) fn is_started(&self) -> bool {
        self.phase.get() == Phase::Started && !self.is_closing()
    }
}
